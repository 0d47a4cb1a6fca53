"""Two people in one workspace: one post, two clocks, and what the one does the other sees."""

import re
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from scheduler_ui.domain import wall_clock
from scheduler_ui.models import Membership, Role, User
from tests.factories import PASSWORD, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)
MARCH = "/?date=2031-03-12"
WAKE = "document.body.dispatchEvent(new CustomEvent('app:wake'))"


@pytest.fixture
def ines():
    return a_user(name="Ines Duarte", timezone="Europe/Berlin")


@pytest.fixture
def post(ines):
    """In Berlin in the evening: in Tokyo that is the next morning already."""
    workspace = a_workspace(ines)
    local = datetime.fromisoformat("2031-03-12T20:30")
    at = wall_clock.to_utc(local, "Europe/Berlin")
    fields = {"local_time": local, "timezone": "Europe/Berlin", "scheduled_for": at, "author": ines}
    return a_post(workspace, an_account(workspace, name="Harbor Coffee"), text="Winter roast", **fields)


@pytest.fixture
def berlin(sign_in, ines, post):
    return sign_in(ines)


@pytest.fixture
def tokyo(berlin, open_page):
    """Kenji's own browser, after the link that Ines copied for him."""
    berlin.goto("/settings/")
    berlin.get_by_role("button", name="New invite link").click()
    link = berlin.get_by_label("For a member").input_value()
    page = open_page(timezone_id="Asia/Tokyo")
    page.goto(urlsplit(link).path)
    expect(page.get_by_role("heading", name="Join Harbor Coffee")).to_be_visible()
    page.get_by_label("E-mail").fill("kenji@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page).to_have_url(re.compile(r"/$"))
    return page


def chip(page, post, day):
    return page.locator(f"#day-{day} #post-{post.public_id}")


def test_one_who_joins_by_a_link_is_a_member_in_the_zone_of_their_browser(tokyo, ines):
    kenji = User.objects.get(email="kenji@example.org")
    assert (str(kenji.timezone), str(ines.timezone)) == ("Asia/Tokyo", "Europe/Berlin")
    assert Membership.objects.get(user=kenji).role == Role.MEMBER


def test_one_post_stands_on_two_clocks(berlin, tokyo, post):
    berlin.goto(MARCH)
    tokyo.goto(MARCH)
    expect(chip(berlin, post, "2031-03-12").locator("time")).to_have_text("20:30")
    expect(chip(tokyo, post, "2031-03-13").locator("time")).to_have_text("04:30")

    chip(berlin, post, "2031-03-12").click()
    chip(tokyo, post, "2031-03-13").click()
    details = [page.get_by_role("region", name="Details") for page in (berlin, tokyo)]
    expect(details[0]).to_contain_text(re.compile(r"Wed 12 Mar\w* 2031, 20:30"))
    expect(details[0]).to_contain_text(re.compile(r"4:30.* Tokyo"))
    expect(details[1]).to_contain_text(re.compile(r"Thu 13 Mar\w* 2031, 04:30"))
    expect(details[1]).to_contain_text(re.compile(r"20:30 in Berlin"))


def test_what_one_moves_moves_for_the_other_by_itself(berlin, tokyo, post):
    berlin.goto(MARCH)
    tokyo.goto(MARCH)
    chip(tokyo, post, "2031-03-13").locator("a.t").focus()
    tokyo.keyboard.press("Shift+ArrowRight")
    expect(chip(tokyo, post, "2031-03-14").locator("time")).to_have_text("04:30")
    berlin.evaluate(WAKE)
    expect(chip(berlin, post, "2031-03-13").locator("time")).to_have_text("20:30")
