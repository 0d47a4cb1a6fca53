"""From the pages to Bluesky's own server and back: processes as `make run` starts them, a browser, a real PDS."""

import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.boot.running import start
from tests.rig.processes import free_port, wait_for

BERLIN = ZoneInfo("Europe/Berlin")
RED = (200, 30, 60)
SOON = timedelta(seconds=8)


@pytest.fixture
def punctual(tmp_path):
    """`make run` on an empty folder, allowed to speak to this machine; nothing of it is left afterwards."""
    running = start(tmp_path, free_port(), ALLOW_PRIVATE_TARGETS="127.0.0.0/8,::1/128")
    running.address = running.hear(r"^Punctual is at (.*)$", 60)[1]
    running.setup_link = running.hear(r"^(http.*/setup/.+/)$", 5)[1]
    yield running
    running.remember_family()
    running.end()
    is_gone = running.has_left_none()
    running.clear_away()
    assert is_gone


@pytest.fixture
def page(open_page, punctual):
    """A newcomer's browser, just through the set-up link."""
    page = open_page(base_url=punctual.address)
    page.goto(punctual.setup_link)
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    expect(page.locator("[name=timezone]")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Create my workspace").click()
    expect(page.get_by_role("button", name="Feed")).to_be_visible()
    return page


def connect(page, person, server):
    page.goto("/accounts/connect/")
    page.get_by_role("link", name="Bluesky").click()
    page.get_by_label("Handle").fill(f"@{person.handle}")
    page.get_by_label("App password").fill(person.app_password)
    page.get_by_label("Server").fill(server.url)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text(f"{person.handle} is connected.")).to_be_visible()


def compose(page, text):
    page.goto("/posts/new/")
    page.get_by_placeholder("What do you want to say?").fill(text)


def schedule(page, ahead=SOON):
    """Press the button for a time so far ahead; returns the second that was promised."""
    at = (datetime.now(UTC) + ahead).replace(microsecond=0)
    page.get_by_label("Date and time").fill(at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It goes out")).to_be_visible()
    return at


def a_chip(page, text):
    return page.locator(".chip", has_text=text)


def watch(page, text, *, seconds=30):
    """See a post turn published on a calendar that nobody loads again, then open it."""
    page.goto("/")
    expect(a_chip(page, text)).to_have_accessible_name(re.compile("Scheduled"))
    loaded = page.evaluate("performance.timeOrigin")
    expect(a_chip(page, text)).to_have_accessible_name(re.compile("Published"), timeout=seconds * 1000)
    assert page.evaluate("performance.timeOrigin") == loaded
    a_chip(page, text).click()
    expect(page.get_by_text("It is out")).to_be_visible()


def a_red_picture():
    drawn = io.BytesIO()
    Image.new("RGB", (640, 480), RED).save(drawn, "PNG")
    return {"name": "red.png", "mimeType": "image/png", "buffer": drawn.getvalue()}


def marked(record):
    """What each facet covers, by its byte offsets, and what it means."""
    text = record["text"].encode()
    for facet in record["facets"]:
        (feature,) = facet["features"]
        covered = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        yield feature["$type"].partition("#")[2], covered, feature.get("did") or feature.get("uri")


def test_post_with_link_mention_and_picture_arrives_on_its_second_as_written(pds, person, friend, page):
    connect(page, person, pds)
    text = f"Grüße 👋🏽 an @{friend.handle}: https://example.org/röstung?a=1. Bis morgen!"
    compose(page, text)
    page.locator("[name=files]").set_input_files([a_red_picture()])
    page.get_by_label("Description of red.png").fill("A red square, “röd” in Swedish")
    at = schedule(page)
    watch(page, "Grüße")
    on_the_clock = at.astimezone(BERLIN).strftime("%H:%M:%S")
    expect(page.locator(".due")).to_contain_text(f"due {on_the_clock}")
    expect(page.locator(".due")).to_contain_text(f"sent {on_the_clock}.")

    (record,) = pds.records(person)
    value = record["value"]
    assert value["text"] == text
    assert value["createdAt"] == at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert timedelta() <= pds.committed_at(person) - at < timedelta(seconds=1)
    assert list(marked(value)) == [
        ("mention", f"@{friend.handle}", friend.did),
        ("link", "https://example.org/röstung?a=1", "https://example.org/röstung?a=1"),
    ]
    assert value["embed"]["$type"] == "app.bsky.embed.images"
    (image,) = value["embed"]["images"]
    assert (image["alt"], image["aspectRatio"]) == ("A red square, “röd” in Swedish", {"width": 640, "height": 480})
    with Image.open(io.BytesIO(pds.blob(person, image["image"]["ref"]["$link"]))) as shown:
        assert (shown.size, shown.convert("RGB").getpixel((320, 240))) == ((640, 480), RED)
    view = page.get_by_role("link", name="View on Bluesky").get_attribute("href")
    assert view.endswith(record["uri"].rpartition("/")[2])


def test_answer_lost_after_the_server_took_the_post_leaves_one_record_and_published(pds, person, proxy, page):
    connect(page, person, proxy)
    proxy.losing = ["putRecord"]
    compose(page, "Once, whatever happens")
    schedule(page)
    watch(page, "Once, whatever happens")
    expect(page.get_by_text("It may be out, or not. Sending again could post it twice.")).to_be_visible()
    expect(page.get_by_text("It is there: it went out after all.")).to_be_visible()
    assert (proxy.losing, proxy.count("putRecord")) == ([], 1)
    assert [record["value"]["text"] for record in pds.records(person)] == ["Once, whatever happens"]


def test_session_that_has_expired_is_renewed_and_nobody_notices(pds, person, proxy, page):
    connect(page, person, proxy)
    proxy.age()
    compose(page, "Two hours later")
    at = schedule(page)
    watch(page, "Two hours later")
    assert (proxy.count("refreshSession"), proxy.count("putRecord")) == (1, 2)
    assert timedelta() <= pds.committed_at(person) - at < timedelta(seconds=1)
    expect(page.get_by_text("1 attempt", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
    page.goto("/accounts/")
    expect(page.get_by_role("row", name=person.handle)).to_contain_text("Connected")
    assert [record["value"]["text"] for record in pds.records(person)] == ["Two hours later"]


def test_revoked_session_asks_to_reconnect_and_then_everything_goes_out(pds, person, proxy, page):
    connect(page, person, proxy)
    times = {"Refused": SOON, "Held past its time": SOON * 1.25, "Held before its time": SOON * 3.5}
    for text in times:
        compose(page, text)
        times[text] = schedule(page, times[text])
    proxy.age()
    pds.revoke(person)

    page.goto("/")
    expect(a_chip(page, "Refused")).to_have_accessible_name(re.compile("Failed"), timeout=30_000)
    expect(page.get_by_role("link", name=re.compile(r"Notices, \d unread"))).to_be_visible()
    page.goto("/notices/")
    expect(page.get_by_role("heading", name=f"{person.handle} must be connected again")).to_be_visible()
    page.goto("/accounts/")
    expect(page.get_by_text("2 posts are held; none is lost.")).to_be_visible()
    assert wait_for(lambda: datetime.now(UTC) > times["Held past its time"] + timedelta(seconds=1), 30)
    assert pds.records(person) == []
    page.goto("/")
    a_chip(page, "Held past its time").click()
    expect(page.get_by_text("Bluesky must be connected again before the next try.")).to_be_visible()

    page.goto("/accounts/")
    page.get_by_role("link", name="Reconnect", exact=True).first.click()
    expect(page.get_by_label("Server")).to_have_value(proxy.url)
    page.get_by_label("App password").fill(pds.new_app_password(person))
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text(f"{person.handle} is connected.")).to_be_visible()
    expect(page.get_by_text("1 post failed while the account was not connected.")).to_be_visible()
    page.get_by_role("button", name="Publish it now").click()
    expect(page.get_by_text("1 post goes out now.")).to_be_visible()
    page.goto("/")
    for text in times:
        expect(a_chip(page, text)).to_have_accessible_name(re.compile("Published"), timeout=45_000)
    assert sorted(record["value"]["text"] for record in pds.records(person)) == sorted(times)
    assert timedelta() <= pds.committed_at(person) - times["Held before its time"] < timedelta(seconds=1)
