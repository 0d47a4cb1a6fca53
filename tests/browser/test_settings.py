"""The settings page as a person uses it: the zone by keyboard, the traveller's banner, people and their menu."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import wall_clock
from scheduler_ui.models import Post, Role, User
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import PASSWORD, a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return a_membership(a_user(name="Ines Marques", timezone="Europe/Berlin"), a_workspace())


def a_timed_post(owner):
    soon = timezone.now().replace(microsecond=0) + timedelta(days=2)
    local, _fold = wall_clock.to_local(soon, "Europe/Berlin")
    times = {"scheduled_for": soon, "local_time": local, "timezone": "Europe/Berlin"}
    return a_post(owner.workspace, an_account(owner.workspace), author=owner.user, **times)


def test_zone_is_found_and_taken_with_the_keyboard(page, sign_in, owner):
    sign_in(owner.user).goto("/settings/")
    field = page.get_by_role("combobox", name="Time zone").first
    expect(field).to_have_attribute("aria-expanded", "false")
    field.fill("new york")
    expect(page.locator(".zones").get_by_role("option")).to_have_count(1)
    field.press("Enter")
    expect(field).to_have_value("America/New_York")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.locator("[data-offset]").filter(has_text=re.compile("^UTC-[45]$")).first).to_be_visible()


def test_zone_list_is_walked_with_arrows_and_left_with_escape(page, sign_in, owner):
    sign_in(owner.user).goto("/settings/")
    field = page.get_by_role("combobox", name="Time zone").first
    field.focus()
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("li[data-active]")).to_have_text(re.compile("^Europe/Berlin"))
    field.press("ArrowDown")
    expect(page.locator("li[data-active]")).to_have_text(re.compile("^Europe/Bratislava"))
    field.press("Escape")
    expect(field).to_have_value("Europe/Berlin")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_change_of_zone_asks_about_timed_posts_and_moves_them(page, sign_in, owner):
    post = a_timed_post(owner)
    sign_in(owner.user).goto("/settings/")
    field = page.get_by_role("combobox", name="Time zone").first
    field.fill("lisbon")
    field.press("Enter")
    page.get_by_text("Keep the clock time").click()
    expect(page.get_by_text("1 post moves, 1 h later")).to_be_visible()
    page.get_by_role("button", name="Change zone").click()
    expect(page.get_by_text("Your zone is Europe/Lisbon now. 1 post moved.")).to_be_visible()
    assert Post.objects.get().scheduled_for - post.scheduled_for == timedelta(hours=1)


def test_traveller_keeps_their_zone_and_is_not_asked_again(open_page, sign_in, owner):
    page = sign_in(owner.user, open_page(timezone_id="Asia/Tokyo"))
    page.goto("/settings/")
    expect(page.get_by_text("Your browser is in Asia/Tokyo.")).to_be_visible()
    page.get_by_role("button", name="Keep Europe/Berlin").click()
    expect(page.get_by_text("Your browser is in")).to_be_hidden()
    page.reload()
    expect(page.get_by_text("Your browser is in")).to_be_hidden()


def test_traveller_is_led_to_the_zone_of_their_browser(open_page, sign_in, owner):
    page = sign_in(owner.user, open_page(timezone_id="Asia/Tokyo"))
    page.goto("/settings/")
    page.get_by_role("link", name="Change zone").click()
    expect(page.get_by_role("combobox", name="Time zone").first).to_have_value("Asia/Tokyo")


def test_old_name_of_the_same_zone_is_no_journey(open_page, sign_in, owner):
    User.objects.update(timezone="Europe/Kyiv")
    page = sign_in(owner.user, open_page(timezone_id="Europe/Kiev"))
    page.goto("/settings/")
    expect(page.locator("#browser-zone")).to_be_hidden()


def test_theme_is_saved_as_it_is_chosen(page, sign_in, owner):
    sign_in(owner.user).goto("/settings/")
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()


def test_menu_is_opened_walked_and_left_with_the_keyboard(page, sign_in, owner):
    a_membership(a_user(name="Tom Okafor"), owner.workspace, Role.MEMBER)
    sign_in(owner.user).goto("/settings/")
    button = page.get_by_role("button", name="More actions for Tom Okafor")
    button.focus()
    button.press("Enter")
    expect(page.get_by_role("button", name="Make an owner")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Remove from this workspace")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Make an owner")).to_be_hidden()
    expect(button).to_be_focused()


def test_second_person_joins_by_the_link_on_their_own_clock(page, open_page, sign_in, owner):
    sign_in(owner.user).goto("/settings/")
    page.get_by_role("button", name="New invite link").click()
    link = page.get_by_label("For a member").input_value()
    page.goto("/settings/")
    expect(page.get_by_text("An invite link for a member is out")).to_be_visible()
    theirs = open_page(timezone_id="America/New_York", locale="en-US")
    theirs.goto(link)
    theirs.get_by_label("E-mail").fill("tom@harbor.coffee")
    theirs.get_by_label("Password").fill(PASSWORD)
    theirs.get_by_role("button", name="Join").click()
    expect(theirs).to_have_url(re.compile(r"/$"))
    theirs.goto("/settings/")
    expect(theirs.locator(".people li")).to_have_count(2)
    tom = User.objects.get(email="tom@harbor.coffee")
    assert (str(tom.timezone), tom.clock, tom.memberships.get().workspace) == (
        "America/New_York",
        "12",
        owner.workspace,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_settings_are_accessible_and_fit(open_page, sign_in, axe, overflow, owner, viewport, scheme):
    a_timed_post(owner)
    a_membership(a_user(), owner.workspace, Role.MEMBER)
    page = sign_in(owner.user, open_page(viewport=viewport, color_scheme=scheme, timezone_id="Asia/Tokyo"))
    page.goto("/settings/?zone=Asia/Tokyo")
    expect(page.get_by_text("Keep the instant")).to_be_visible()
    assert (axe(page), overflow(page)) == ([], 0)
    page.goto("/account/password/change/")
    assert (axe(page), overflow(page)) == ([], 0)
