"""The Bluesky platform against Bluesky's own server."""

import io
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from PIL import Image

from scheduler_ui.platforms.base import AccountData, Content, MediaItem, Tools
from scheduler_ui.platforms.bluesky import Bluesky
from scheduler_ui.platforms.http import Http
from scheduler_ui.platforms.outcomes import ConnectError, Expired, Published, Rejected, Unauthorized, Unconfirmed
from tests.platforms import stub
from tests.real.pds import expired

TOOLS = Tools(http=Http([ip_network("127.0.0.0/8"), ip_network("::1")]))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def connect(pds, person, server=None):
    form = {"handle": f"@{person.handle}", "app_password": person.app_password, "server": server or pds.url}
    return Bluesky.connect(form, TOOLS)


@pytest.fixture
def open_account(pds, person):
    """The person's account, as the engine would open it."""
    found = connect(pds, person)

    def open_it(server=None, **secrets):
        settings = {"server": server.url if server else pds.url}
        kept = {"secrets": dict(found.secrets) | secrets, "limits": found.profile.limits}
        return Bluesky(AccountData("a", found.profile.remote_id, found.profile.handle, settings, **kept), TOOLS)

    return open_it


def picture():
    drawn = io.BytesIO()
    Image.new("RGB", (640, 480), (200, 30, 60)).save(drawn, "PNG")
    return drawn.getvalue()


def an_image(data, alt="a red square"):
    details = ("m1", "image", "red.png", "image/png", len(data), 640, 480, alt, "https://punctual.example/m1")
    return MediaItem(*details, open=lambda: io.BytesIO(data))


def a_content(text, *media):
    return Content("p1", text, datetime.now(UTC), media)


def ready(bluesky, content):
    """What the engine would have frozen, and its key."""
    key = bluesky.new_key(content.at, content.post_id)
    prepared = bluesky.prepare(content) if bluesky.needs_prepare(content) else {}
    return bluesky.freeze(content, prepared, key), key


def test_connecting_finds_who_it_is_although_there_is_no_appview(pds, person):
    found = connect(pds, person)
    assert (found.profile.remote_id, found.profile.handle) == (person.did, person.handle)
    assert (found.profile.followers, dict(found.profile.limits)) == (None, {"image_bytes": 1_000_000})
    assert person.app_password not in found.secrets.values()


def test_wrong_app_password_is_refused_in_the_servers_words(pds, person):
    form = {"handle": person.handle, "app_password": "aaaa-aaaa-aaaa-aaaa", "server": pds.url}
    with pytest.raises(ConnectError, match="Invalid identifier or password"):
        Bluesky.connect(form, TOOLS)


def test_post_is_read_back_as_it_was_sent(pds, person, open_account):
    bluesky, data = open_account(), picture()
    text = f"Grüße 👋🏽 @alice.test and @{person.handle}: https://example.org/page. #tägs"
    payload, key = ready(bluesky, a_content(text, an_image(data)))
    found = bluesky.publish(payload, key)

    (record,) = pds.records(person)
    assert (record["uri"], record["value"]) == (found.remote_id, payload["record"])
    features = [facet["features"][0] for facet in record["value"]["facets"]]
    assert [feature.get("did") or feature.get("uri") or feature.get("tag") for feature in features] == [
        pds.ready["did"],
        person.did,
        "https://example.org/page",
        "tägs",
    ]
    (image,) = record["value"]["embed"]["images"]
    assert (image["alt"], image["aspectRatio"]) == ("a red square", {"width": 640, "height": 480})
    assert pds.blob(person, image["image"]["ref"]["$link"]) == data


def test_picture_over_the_limit_arrives_smaller(pds, person, open_account):
    bluesky, drawn = open_account(), io.BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(drawn, "PNG")
    payload, key = ready(bluesky, a_content("Noise", an_image(drawn.getvalue())))
    bluesky.publish(payload, key)
    (image,) = pds.records(person)[0]["value"]["embed"]["images"]
    assert image["image"]["size"] <= 1_000_000
    with Image.open(io.BytesIO(pds.blob(person, image["image"]["ref"]["$link"]))) as shown:
        assert image["aspectRatio"] == {"width": shown.width, "height": shown.height}


def test_same_key_again_is_one_record(pds, person, open_account):
    bluesky = open_account()
    payload, key = ready(bluesky, a_content("Once"))
    assert len({bluesky.publish(payload, key).remote_id for _ in range(3)}) == 1
    assert len(pds.records(person)) == 1


def test_other_words_under_the_same_key_overwrite_nothing(pds, person, open_account):
    bluesky = open_account()
    first, key = ready(bluesky, a_content("Once"))
    bluesky.publish(first, key)
    with pytest.raises(Rejected):
        bluesky.publish(ready(bluesky, a_content("Twice"))[0], key)
    assert [record["value"]["text"] for record in pds.records(person)] == ["Once"]


def test_answer_that_was_lost_is_found_and_sending_again_changes_nothing(pds, person, open_account, proxy):
    bluesky = open_account(proxy)
    payload, key = ready(bluesky, a_content("Once, whatever happens"))
    assert bluesky.find(payload, key, LONG_AGO) is None
    proxy.faults = [stub.reset_after]
    with pytest.raises(Unconfirmed):
        bluesky.publish(payload, key)
    found = bluesky.find(payload, key, LONG_AGO)
    assert found.remote_id == bluesky.publish(payload, key).remote_id
    assert [record["uri"] for record in pds.records(person)] == [found.remote_id]


def test_request_that_never_arrived_is_sent_again_under_its_key(pds, person, open_account, proxy):
    bluesky = open_account(proxy)
    payload, key = ready(bluesky, a_content("Once"))
    proxy.faults = [stub.reset]
    with pytest.raises(Unconfirmed):
        bluesky.publish(payload, key)
    assert bluesky.find(payload, key, LONG_AGO) is None
    assert isinstance(bluesky.publish(payload, key), Published)
    assert len(pds.records(person)) == 1


def test_expired_session_is_renewed_and_the_post_goes_out(pds, person, open_account):
    now = open_account()
    later = open_account(access=expired(now.account.secrets["access"]))
    payload, key = ready(later, a_content("Two hours later"))
    with pytest.raises(Expired):
        later.publish(payload, key)
    with pytest.raises(Expired):
        later.profile()
    open_account(**later.refresh()).publish(payload, key)
    assert len(pds.records(person)) == 1


def test_revoked_session_must_be_connected_again(pds, person, open_account):
    now = open_account()
    pds.revoke(person)
    later = open_account(access=expired(now.account.secrets["access"]))
    with pytest.raises(Expired):
        later.publish(*ready(later, a_content("Not any more")))
    with pytest.raises(Unauthorized) as lost:
        later.refresh()
    assert type(lost.value) is Unauthorized
    assert pds.records(person) == []


def test_token_of_nobody_must_be_connected_again(open_account):
    stranger = open_account(access="eyJhbGciOiJIUzI1NiJ9.e30.c2ln")
    with pytest.raises(Unauthorized) as lost:
        stranger.publish(*ready(stranger, a_content("Hi")))
    assert type(lost.value) is Unauthorized


def test_text_over_the_limit_is_refused_in_the_servers_words(pds, person, open_account):
    bluesky = open_account()
    with pytest.raises(Rejected, match="300"):
        bluesky.publish(*ready(bluesky, a_content("x" * 301)))
    family = "👩‍👩‍👧‍👦" * 300
    assert bluesky.check(a_content(family))
    with pytest.raises(Rejected):
        bluesky.publish(*ready(bluesky, a_content(family)))
    assert pds.records(person) == []


def test_post_can_be_taken_down_twice(pds, person, open_account):
    bluesky = open_account()
    payload, key = ready(bluesky, a_content("Short-lived"))
    remote_id = bluesky.publish(payload, key).remote_id
    bluesky.delete(remote_id)
    bluesky.delete(remote_id)
    assert pds.records(person) == []
    assert bluesky.find(payload, key, datetime.now(UTC) - timedelta(minutes=1)) is None


def test_warm_connection_carries_the_post(pds, person, open_account):
    bluesky = open_account()
    payload, key = ready(bluesky, a_content("On the second"))
    bluesky.warm()
    assert bluesky.publish(payload, key).remote_id.endswith(key)
