"""The path of a person who never saw it: from the printed link to a post that turns published before their eyes."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import feedparser
import httpx
import pytest
from playwright.sync_api import expect

from tests.boot.running import start
from tests.rig.processes import free_port

pytestmark = pytest.mark.grown_too
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def punctual(tmp_path, shape):
    """`make run` on an empty folder, as it is: web, worker, and the link that it prints."""
    port = free_port()
    running = start(tmp_path, port, **shape)
    running.address = running.hear(r"^Punctual is at (.*)$", 30)[1]
    running.setup_link = running.hear(r"^(http.*/setup/.+/)$", 5)[1]
    yield running
    running.end()
    running.clear_away()


@pytest.fixture
def newcomer(open_page):
    return open_page()


def test_newcomer_sees_a_first_post_go_out(punctual, newcomer):
    page = newcomer
    page.goto(punctual.setup_link)
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    expect(page.locator("[name=timezone]")).to_have_value("Europe/Berlin")
    page.get_by_role("button", name="Create my workspace").click()

    page.get_by_role("button", name="Feed").click()
    expect(page.get_by_text("Our feed is connected.")).to_be_visible()

    page.goto(f"{punctual.address}/")
    page.get_by_role("link", name="New post").first.click()
    page.get_by_placeholder("What do you want to say?").fill("Winter roast is back")
    at = (datetime.now(UTC) + timedelta(seconds=12)).astimezone(BERLIN)
    page.get_by_label("Date and time").fill(at.strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It goes out")).to_be_visible()

    page.goto(f"{punctual.address}/")
    chip = page.locator(".chip", has_text="Winter roast is back")
    expect(chip).to_contain_text(at.strftime("%H:%M"))
    expect(chip).to_have_accessible_name(re.compile("Scheduled"))
    loaded = page.evaluate("performance.timeOrigin")
    expect(chip).to_have_accessible_name(re.compile("Published"), timeout=20_000)
    assert datetime.now(UTC) - at < timedelta(seconds=4)
    assert page.evaluate("performance.timeOrigin") == loaded

    chip.click()
    expect(page.get_by_text("It is out")).to_be_visible()
    entry = page.get_by_role("link", name="View").get_attribute("href")
    assert httpx.get(entry).status_code == 200
    feed = feedparser.parse(httpx.get(urljoin(entry, "../atom.xml")).content)
    assert [entry.title for entry in feed.entries] == ["Winter roast is back"]
