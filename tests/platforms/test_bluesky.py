"""Bluesky's contract, row by row, on a small server of our own; tests/real has the real one."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from scheduler_ui.platforms import bluesky_server, bluesky_sign_in
from scheduler_ui.platforms.bluesky import Bluesky
from scheduler_ui.platforms.outcomes import (
    ConnectError,
    Expired,
    PlatformError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)
from tests.platforms import cases, stub
from tests.platforms.cases import AT, a_content, an_image, picture
from tests.platforms.pds_stub import DID, PASSWORD, Pds
from tests.platforms.stub import Reply


class Case(cases.Case):
    platform = Bluesky
    speaks_http = True
    wrong_form = {"app_password": "abcd-efgh-ijkl-nope"}
    secrets = (PASSWORD, "access-1", "refresh-1")

    def __init__(self):
        super().__init__()
        self.pds = Pds()
        self.server = stub.Stub(self.pds.answer)
        self.form = {"handle": "@harbor.test", "app_password": PASSWORD, "server": self.server.url}

    def posts(self):
        return [record["text"] for record in self.pds.records.values()]

    def lose_next_answer(self, platform):
        self.server.faults = [stub.reset_after]


@pytest.fixture
def case():
    case = Case()
    yield case
    case.close()


@pytest.fixture
def bluesky(case):
    return case.open()


def put(bluesky, content=None, key="3n2usyc6vzm2b"):
    content = content or a_content()
    prepared = bluesky.prepare(content) if bluesky.needs_prepare(content) else {}
    return bluesky.publish(bluesky.freeze(content, prepared, key), key)


def test_record_is_put_under_our_key_and_says_everything(case, bluesky):
    text = "Hallo 👋🏽 @alice.test see https://example.org/page #tägs"
    found = put(bluesky, a_content(text, an_image()))
    uri = f"at://{DID}/app.bsky.feed.post/3n2usyc6vzm2b"
    assert (found.remote_id, found.url) == (uri, f"https://bsky.app/profile/{DID}/post/3n2usyc6vzm2b")
    blob = {"$type": "blob", "ref": {"$link": "bafk1"}, "mimeType": "image/png", "size": len(picture())}
    assert case.pds.records["3n2usyc6vzm2b"] == {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": "2026-11-23T09:00:00.000Z",
        "facets": [
            {
                "index": {"byteStart": 15, "byteEnd": 26},
                "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:alice"}],
            },
            {
                "index": {"byteStart": 31, "byteEnd": 55},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/page"}],
            },
            {
                "index": {"byteStart": 56, "byteEnd": 62},
                "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "tägs"}],
            },
        ],
        "embed": {
            "$type": "app.bsky.embed.images",
            "images": [{"image": blob, "alt": "a teal cup", "aspectRatio": {"width": 64, "height": 48}}],
        },
    }
    assert case.pds.blobs == [("image/png", picture())]


def test_mention_of_nobody_stays_plain_words(case, bluesky):
    put(bluesky, a_content("Hi @nobody.test"))
    assert "facets" not in case.pds.records["3n2usyc6vzm2b"]


def test_mention_that_cannot_be_looked_up_now_waits(case, bluesky):
    case.server.faults = [stub.says(502)]
    with pytest.raises(Unavailable):
        bluesky.prepare(a_content("Hi @alice.test"))


def test_text_alone_needs_no_preparation(bluesky):
    assert not bluesky.needs_prepare(a_content("No names, https://example.org and mail@example.org"))


# --- Errors -----------------------------------------------------------------------------------------------------------

ROWS = [
    (400, "ExpiredToken", Expired),
    (401, "ExpiredToken", Expired),
    (400, "InvalidToken", Unauthorized),
    (401, "AuthMissing", Unauthorized),
    (401, "AuthenticationRequired", Unauthorized),
    (400, "AccountTakedown", Unauthorized),
    (403, "AccountDeactivated", Unauthorized),
    (400, "InvalidRequest", Rejected),
    (413, "PayloadTooLarge", Rejected),
    (429, "RateLimitExceeded", Unavailable),
    (500, "InternalServerError", Unconfirmed),
    (500, "ExpiredToken", Unconfirmed),
    (501, "MethodNotImplemented", Unconfirmed),
    (502, "UpstreamFailure", Unconfirmed),
    (503, "NotEnoughResources", Unconfirmed),
    (504, "UpstreamTimeout", Unconfirmed),
]


@pytest.mark.parametrize(("status", "name", "expected"), ROWS)
def test_error_of_a_put_means(case, bluesky, status, name, expected):
    case.server.faults = [stub.says(status, {"error": name, "message": "its own words"})]
    with pytest.raises(expected) as error:
        put(bluesky)
    assert type(error.value) in {expected, bluesky_server.Refused}
    assert str(error.value) == "127.0.0.1 said “its own words”."


def test_rate_limit_without_retry_after_ends_when_the_servers_count_does(case, bluesky):
    reset = int((datetime.now(UTC) + timedelta(seconds=120)).timestamp())
    case.server.faults = [stub.says(429, {"error": "RateLimitExceeded"}, ratelimit_reset=str(reset))]
    with pytest.raises(Unavailable) as slow_down:
        put(bluesky)
    assert timedelta(seconds=115) < slow_down.value.retry_after <= timedelta(seconds=121)
    case.server.faults = [stub.says(429, b"", ratelimit_reset="soon"), stub.says(429, b"", retry_after="7")]
    for expected in (60, 7):
        with pytest.raises(Unavailable) as slow_down:
            put(bluesky)
        assert slow_down.value.retry_after == timedelta(seconds=expected)


@pytest.mark.parametrize("status", [400, 429, 500])
def test_server_that_repeats_the_token_does_not_bring_it_into_words(case, bluesky, status):
    case.server.faults = [stub.says(status, {"error": "Oh", "message": "not with access-1 here"})]
    with pytest.raises(PlatformError) as error:
        put(bluesky)
    assert str(error.value) == "127.0.0.1 said “not with [masked] here”."
    case.server.faults = [stub.says(status, {"error": "Oh", "message": "x" * 295 + "access-1"})]
    with pytest.raises(PlatformError) as error:
        put(bluesky)
    assert "access" not in str(error.value)


def test_invalid_swap_of_our_own_record_is_published(case, bluesky):
    put(bluesky)
    case.server.faults = [stub.says(400, {"error": "InvalidSwap", "message": "Record was at bafy1"})]
    assert put(bluesky).remote_id.endswith("/3n2usyc6vzm2b")


def test_comparing_takes_what_is_left_of_the_puts_deadline(case, bluesky):
    put(bluesky)
    case.tools.http.deadlines.clear()
    case.server.faults = [stub.says(400, {"error": "InvalidSwap", "message": "Record was at bafy1"})]
    put(bluesky)
    first, second = case.tools.http.deadlines
    assert second < first <= bluesky.deadline


def test_invalid_swap_of_another_record_is_refused_and_nothing_is_overwritten(case, bluesky):
    case.pds.records["3n2usyc6vzm2b"] = {"text": "somebody else's"}
    with pytest.raises(Rejected, match="Record was at bafy1"):
        put(bluesky)
    assert case.posts() == ["somebody else's"]


def test_invalid_swap_that_cannot_be_compared_is_unknown(case, bluesky):
    case.server.faults = [stub.says(400, {"error": "InvalidSwap"}), stub.says(503)]
    with pytest.raises(Unconfirmed):
        put(bluesky)


def test_answer_about_another_record_is_unknown(case, bluesky):
    case.server.faults = [stub.says(200, {"uri": "at://did:plc:other/app.bsky.feed.post/1"})]
    with pytest.raises(Unconfirmed):
        put(bluesky)


@pytest.mark.parametrize("error", ["RecordNotFound", "InvalidRequest"])
def test_record_that_is_missing_is_not_found(case, bluesky, error):
    case.server.faults = [stub.says(400, {"error": error, "message": "Could not locate record: at://x"})]
    assert bluesky.find(bluesky.freeze(a_content(), {}, "k"), "k", AT) is None


def test_other_record_under_our_key_is_not_taken_for_ours(case, bluesky):
    case.pds.records["k"] = {"text": "somebody else's"}
    assert bluesky.find(bluesky.freeze(a_content(), {}, "k"), "k", AT) is None


# --- Session ----------------------------------------------------------------------------------------------------------


def test_expired_session_is_renewed_with_the_refresh_token(case, bluesky):
    case.pds.expired.add("access-1")
    with pytest.raises(Expired):
        put(bluesky)
    fresh = bluesky.refresh()
    assert fresh == {"access": "access-1+", "refresh": "refresh-1+"}
    assert isinstance(put(case.open(secrets=fresh)), Published)
    assert len(case.posts()) == 1


@pytest.mark.parametrize("name", ["ExpiredToken", "InvalidToken", "AccountTakedown", "InvalidRequest"])
def test_session_that_cannot_be_renewed_must_be_connected_again(case, bluesky, name):
    case.server.faults = [stub.says(400, {"error": name, "message": "Token has been revoked"})]
    with pytest.raises(Unauthorized, match="Token has been revoked") as lost:
        bluesky.refresh()
    assert type(lost.value) is Unauthorized


def test_renewing_that_fails_on_the_way_is_tried_again(case, bluesky):
    case.server.faults = [stub.reset_after]
    with pytest.raises(Unavailable):
        bluesky.refresh()


# --- Connecting -------------------------------------------------------------------------------------------------------


def test_connecting_keeps_the_session_and_never_the_password(case):
    found = case.connect()
    assert (found.profile.remote_id, found.profile.handle) == (DID, "harbor.test")
    assert dict(found.settings) == {"server": case.server.url}
    assert dict(found.secrets) == {"access": "access-1", "refresh": "refresh-1"}
    assert found.profile.limits == {"image_bytes": 1_000_000}


@pytest.mark.parametrize(
    "typed", ["harbor.test", " @Harbor.test ", "\u202aharbor.test\u202c", "https://bsky.app/profile/harbor.test"]
)
def test_handle_is_taken_as_people_copy_it(case, typed):
    assert Bluesky.connect(case.form | {"handle": typed}, case.tools).profile.handle == "harbor.test"


@pytest.mark.parametrize("typed", ["", "harbor", "harbor test", "me@harbor@test", "-.test", "harbor..test"])
def test_handle_that_is_none_is_refused(case, typed):
    with pytest.raises(ConnectError) as refusal:
        Bluesky.connect(case.form | {"handle": typed}, case.tools)
    assert refusal.value.field == "handle"


def test_own_password_is_refused_before_it_leaves_the_house(case):
    with pytest.raises(ConnectError, match="does not look like an app password") as refusal:
        Bluesky.connect(case.form | {"app_password": "correct-horse-9"}, case.tools)
    assert (refusal.value.field, case.server.arrivals) == ("app_password", [])


def test_refusal_is_in_the_servers_own_words(case):
    with pytest.raises(ConnectError, match="Invalid identifier or password"):
        Bluesky.connect(case.form | {"app_password": "aaaa-aaaa-aaaa-aaaa"}, case.tools)


def test_account_that_is_not_active_is_not_connected(case):
    case.pds.session |= {"active": False}
    with pytest.raises(ConnectError):
        case.connect()


@pytest.fixture
def network(case, monkeypatch):
    """The stub as the whole network: entry, directory and home of every account."""
    monkeypatch.setattr(bluesky_sign_in, "ENTRY", case.server.url)
    monkeypatch.setattr(bluesky_sign_in, "DIRECTORY", case.server.url)
    home = {"id": "#atproto_pds", "serviceEndpoint": f"{case.server.url}/"}
    documents = {f"/{DID}": {"service": [{"id": "#other"}, home]}, "/did:plc:alice": {"service": "none"}}
    answer = case.server.answer

    def with_directory(arrival):
        found = documents.get(arrival.path)
        return Reply(body=found) if found else answer(arrival)

    case.server.answer = with_directory
    return documents


def test_server_is_found_from_the_handle(case, network):
    found = Bluesky.connect(case.form | {"server": ""}, case.tools)
    assert (found.profile.remote_id, found.settings["server"]) == (DID, case.server.url)


def test_handle_that_the_network_does_not_know_is_refused(case, network):
    with pytest.raises(ConnectError, match="Unable to resolve handle") as refusal:
        Bluesky.connect(case.form | {"server": "", "handle": "nobody.test"}, case.tools)
    assert refusal.value.field == "handle"


def test_account_without_a_server_is_refused(case, network):
    with pytest.raises(ConnectError, match="on which server"):
        Bluesky.connect(case.form | {"server": "", "handle": "alice.test"}, case.tools)


def test_server_that_answers_for_another_account_is_refused(case, network):
    case.pds.session |= {"did": "did:plc:other"}
    with pytest.raises(ConnectError):
        Bluesky.connect(case.form | {"server": ""}, case.tools)


def test_entry_names_the_server_where_the_account_lives(case, network):
    home = {"service": [{"id": f"{DID}#atproto_pds", "serviceEndpoint": "https://home.example"}]}
    case.pds.session |= {"didDoc": home}
    account = bluesky_sign_in.sign_in(case.form, case.tools.http)
    assert account.settings == {"server": "https://home.example"}


# --- Profile and pictures ---------------------------------------------------------------------------------------------


def test_profile_without_an_appview_has_no_counts(bluesky):
    found = bluesky.profile()
    assert (found.handle, found.followers, found.posts_count) == ("harbor.test", None, None)


def test_profile_with_an_appview_has_name_picture_and_counts(case, bluesky):
    avatar = "https://cdn.example/harbor.jpg"
    case.pds.profile = {"displayName": "Harbor", "avatar": avatar, "followersCount": 7, "postsCount": 3}
    found = bluesky.profile()
    assert (found.name, found.avatar_url, found.followers, found.posts_count) == ("Harbor", avatar, 7, 3)


@pytest.mark.parametrize("said", [10**40, -1, True, "7", None])
def test_count_that_makes_no_sense_is_none(case, bluesky, said):
    case.pds.profile = {"followersCount": said}
    assert bluesky.profile().followers is None


def test_profile_tells_that_the_session_has_expired(case, bluesky):
    case.pds.expired.add("access-1")
    with pytest.raises(Expired):
        bluesky.profile()


@pytest.mark.parametrize(
    ("said", "limit"), [(5_000_000, 1_000_000), (40_000, 40_000), (0, 1_000_000), ("x", 1_000_000)]
)
def test_limit_of_pictures_is_the_servers_or_the_oldest_schemas(case, bluesky, said, limit):
    case.pds.server = {"blobUploadLimit": said}
    assert bluesky.profile().limits == {"image_bytes": limit}


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_picture_that_is_too_large_is_drawn_smaller(case, bluesky, mode):
    drawn = io.BytesIO()
    Image.effect_noise((400, 300), 90).convert(mode).save(drawn, "PNG")
    case.pds.server = {"blobUploadLimit": 20_000}
    small = case.open(limits={})
    prepared = small.prepare(a_content("Hi", an_image(drawn.getvalue())))["images"][0]
    kind, data = case.pds.blobs[0]
    assert kind == {"RGB": "image/jpeg", "RGBA": "image/webp"}[mode]
    assert len(data) <= 20_000
    with Image.open(io.BytesIO(data)) as shown:
        assert prepared["aspectRatio"] == {"width": shown.width, "height": shown.height}


def test_file_that_is_no_picture_is_refused(bluesky):
    with pytest.raises(Rejected, match=r"cup\.png is not a picture"):
        bluesky.prepare(a_content("Hi", an_image(b"hello")))


def test_picture_that_the_server_finds_too_large_is_refused(case, bluesky):
    case.pds.server = {"blobUploadLimit": 50}
    with pytest.raises(Rejected, match="request entity too large"):
        bluesky.prepare(a_content("Hi", an_image()))


def test_bytes_are_counted_where_letters_are_few(bluesky):
    family = "👩‍👩‍👧‍👦"
    assert bluesky.length(family * 300) == 300
    assert [problem.field for problem in bluesky.check(a_content(family * 300))] == ["text"]
    assert bluesky.check(a_content("x" * 300)) == []


@pytest.mark.parametrize("said", [{}, {"records": "none"}, {"records": [None, 7, {}, {"uri": 5}]}])
def test_a_list_that_makes_no_sense_is_an_empty_one(said):
    case = Case()
    platform = case.open()
    case.pds.listRecords = lambda arrival: Reply(body=said)
    assert platform.recent(5) == []
    case.close()


def test_records_of_other_clients_are_listed_with_what_can_be_read_of_them():
    case = Case()
    platform = case.open()
    uri = f"at://{DID}/app.bsky.feed.post/3kabc"
    values = [None, {"text": 5, "createdAt": "soon"}, {"text": "Hi", "createdAt": "2026-11-23T10:00:00+01:00"}]
    case.pds.listRecords = lambda arrival: Reply(body={"records": [{"uri": uri, "value": value} for value in values]})
    found = [(post.text, post.at and post.at.isoformat(), post.url) for post in platform.recent(5)]
    url = f"https://bsky.app/profile/{DID}/post/3kabc"
    assert found == [("", None, url), ("", None, url), ("Hi", "2026-11-23T09:00:00+00:00", url)]
    case.close()
