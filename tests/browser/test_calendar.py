"""The calendar in a real browser: what is dragged, pressed and clicked, and what changes by itself."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import expect

from scheduler_ui.domain import boards, wall_clock
from scheduler_ui.models import Status
from tests.browser.conftest import PHONE
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = "Europe/Berlin"
MONTH, WEEK = "/?date=2031-03-12", "/?view=week&date=2031-03-12"  # a Wednesday, before the clocks change
WAKE = "document.body.dispatchEvent(new CustomEvent('app:wake'))"


@pytest.fixture
def person():
    return a_user(timezone=ZONE)


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor Coffee")


@pytest.fixture
def post_at(workspace, account):
    def write(local, text="Winter roast", to=account, **fields):
        at = datetime.fromisoformat(local)
        instant = wall_clock.to_utc(at, ZONE)
        return a_post(workspace, to, text=text, local_time=at, timezone=ZONE, scheduled_for=instant, **fields)

    return write


@pytest.fixture
def member(sign_in, person, workspace):
    return sign_in(person)


def chip(page, post):
    return page.locator(f"#post-{post.public_id}")


def day(page, date):
    return page.locator(f"#day-{date}")


def local_time(post):
    post.refresh_from_db()
    return post.local_time.isoformat(timespec="minutes")


def test_dragged_to_another_day_keeps_its_time_and_comes_back(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    chip(member, post).drag_to(day(member, "2031-03-14"))
    expect(day(member, "2031-03-14").locator(".chip time")).to_have_text("09:07")
    expect(member.get_by_text("Moved to Friday 14 March 2031, 09:07.").first).to_be_visible()
    assert local_time(post) == "2031-03-14T09:07"
    member.get_by_role("button", name="Undo").click()
    expect(day(member, "2031-03-12").locator(".chip")).to_have_count(1)
    expect(day(member, "2031-03-14").locator(".chip")).to_have_count(0)
    assert local_time(post) == "2031-03-12T09:07"


def test_two_quick_moves_leave_one_way_back(member, post_at):
    post, other = post_at("2031-03-12T09:07"), post_at("2031-03-20T10:00")
    member.goto(MONTH)
    chip(member, other).drag_to(day(member, "2031-03-21"))
    chip(member, post).drag_to(day(member, "2031-03-14"))
    expect(member.get_by_role("button", name="Undo")).to_have_count(2)
    chip(member, post).drag_to(day(member, "2031-03-15"))
    expect(member.get_by_text("Moved to Saturday 15 March 2031, 09:07.").first).to_be_visible()
    # One for each post: what the first move of this one said can no longer be taken back.
    expect(member.get_by_role("button", name="Undo")).to_have_count(2)
    member.get_by_role("button", name="Undo").last.click()
    expect(day(member, "2031-03-14").locator(".chip")).to_have_count(1)
    assert local_time(post) == "2031-03-14T09:07"


def test_moved_to_a_time_that_does_not_exist_is_asked_about(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    member.locator(f"#move-{post.public_id}").focus()
    member.keyboard.press("Enter")
    dialog = member.get_by_role("dialog", name="Move to…")
    dialog.get_by_label("Day and time").fill("2031-03-30T02:30")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_text("does not exist").first).to_be_visible()
    dialog.get_by_label("At 03:30").check()
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    assert local_time(post) == "2031-03-30T03:30"


def test_dragged_to_an_hour_takes_that_hour(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(WEEK)
    target = day(member, "2031-03-13")
    row = target.bounding_box()["height"] / 96
    chip(member, post).drag_to(target, source_position={"x": 20, "y": 4}, target_position={"x": 60, "y": row * 46.5})
    expect(day(member, "2031-03-13").locator(".chip time")).to_have_text("11:30")
    assert local_time(post) == "2031-03-13T11:30"


def test_dragged_sideways_keeps_its_minute(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(WEEK)
    row = day(member, "2031-03-13").bounding_box()["height"] / 96
    at = {"x": 60, "y": row * 36 + 8}
    chip(member, post).drag_to(day(member, "2031-03-13"), source_position={"x": 20, "y": 6}, target_position=at)
    expect(day(member, "2031-03-13").locator(".chip time")).to_have_text("09:07")
    assert local_time(post) == "2031-03-13T09:07"


def test_dragged_after_it_has_started_stays_with_a_sentence(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    chip(member, post).drag_to(day(member, "2031-03-14"))
    expect(member.get_by_text("It has started, so it can no longer change.").first).to_be_visible()
    expect(day(member, "2031-03-12").locator(".chip[data-status=published]")).to_have_count(1)


def test_arrows_move_and_keep_the_focus(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    chip(member, post).locator("a.t").focus()
    member.keyboard.press("Shift+ArrowRight")
    expect(day(member, "2031-03-13").locator(".chip")).to_have_count(1)
    expect(member.get_by_role("status").get_by_text("Moved to Thursday 13 March 2031, 09:07.")).to_be_visible()
    expect(chip(member, post).locator("a.t")).to_be_focused()
    member.keyboard.press("Shift+ArrowDown")
    expect(day(member, "2031-03-20").locator(".chip")).to_have_count(1)
    expect(chip(member, post).locator("a.t")).to_be_focused()
    assert local_time(post) == "2031-03-20T09:07"


def test_arrow_off_the_page_leaves_the_focus_in_the_calendar(member, post_at):
    post = post_at("2031-04-06T09:00")
    member.goto(MONTH)
    chip(member, post).locator("a.t").focus()
    member.keyboard.press("Shift+ArrowRight")
    expect(chip(member, post)).to_have_count(0)
    expect(member.locator("#calendar")).to_be_focused()


def test_arrows_move_by_quarters_in_the_week(member, post_at):
    post = post_at("2031-03-12T09:00")
    member.goto(WEEK)
    chip(member, post).locator("a.t").focus()
    member.keyboard.press("Shift+ArrowUp")
    expect(chip(member, post).locator("time")).to_have_text("08:45")


def test_move_to_is_a_way_without_dragging(member, post_at):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    chip(member, post).hover()
    chip(member, post).get_by_role("link", name="Move to another time: Winter roast").click()
    dialog = member.get_by_role("dialog")
    expect(dialog.get_by_label("Day and time")).to_have_value("2031-03-12T09:07")
    dialog.get_by_label("Day and time").fill("2020-03-12T09:07")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog.get_by_text("That time has passed.")).to_be_visible()
    dialog.get_by_label("Day and time").fill("2031-03-13T10:30")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_be_hidden()
    expect(day(member, "2031-03-13").locator(".chip time")).to_have_text("10:30")


def test_change_shows_by_itself_but_not_under_the_hand(member, post_at, workspace):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    member.evaluate("document.documentElement.dataset.hold = 'drag'")
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    boards.touch(workspace.pk)
    member.evaluate(WAKE)
    expect(chip(member, post)).to_have_attribute("data-status", "scheduled")
    with member.expect_response(re.compile("seen=")):
        member.evaluate("delete document.documentElement.dataset.hold")
    expect(chip(member, post)).to_have_attribute("data-status", "published")


def test_change_waits_while_a_dialog_is_open(member, post_at, workspace):
    post = post_at("2031-03-12T09:07")
    member.goto(MONTH)
    member.keyboard.press("?")
    expect(member.get_by_role("dialog")).to_be_visible()
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    boards.touch(workspace.pk)
    member.evaluate(WAKE)
    expect(chip(member, post)).to_have_attribute("data-status", "scheduled")
    member.keyboard.press("Escape")
    expect(chip(member, post)).to_have_attribute("data-status", "published")


def test_poll_leaves_focus_and_scroll_alone(member, post_at, workspace):
    post = post_at("2031-03-12T20:00")
    member.goto(WEEK)
    week = member.locator(".week")
    week.evaluate("element => { element.scrollTop = 333 }")
    chip(member, post).locator("a.t").evaluate("element => element.focus({ preventScroll: true })")
    boards.touch(workspace.pk)
    with member.expect_response(re.compile(r"^[^?]+/\?.*seen=")):
        member.evaluate(WAKE)
    expect(chip(member, post).locator("a.t")).to_be_focused()
    assert week.evaluate("element => element.scrollTop") == 333


def test_more_opens_the_day(member, post_at):
    for hour in range(9, 14):
        post_at(f"2031-03-12T{hour:02}:00", text=f"Roast {hour}")
    member.goto(MONTH)
    member.get_by_role("link", name="+2 more").click()
    rows = member.get_by_role("dialog").get_by_role("listitem")
    expect(rows).to_have_count(5)
    expect(rows.last).to_contain_text("Roast 13")


def test_click_on_an_empty_day_composes_for_it(member, account):
    member.goto(MONTH)
    day(member, "2031-03-20").click(position={"x": 60, "y": 90})
    expect(member.get_by_role("dialog").locator("input[type=datetime-local]").first).to_have_value("2031-03-20T09:00")


def test_click_on_an_empty_hour_composes_for_it(member, account):
    member.goto(WEEK)
    row = day(member, "2031-03-13").bounding_box()["height"] / 24
    day(member, "2031-03-13").click(position={"x": 60, "y": row * 14 + 10})
    expect(member.get_by_role("dialog").locator("input[type=datetime-local]").first).to_have_value("2031-03-13T14:00")


def test_keys_go_where_they_say(member, post_at):
    post_at("2031-03-12T09:00")
    member.goto(MONTH)
    for key, title in [
        ("w", "10 to 16 Mar 2031"),
        ("j", "17 to 23 Mar 2031"),
        ("m", "March 2031"),
        ("k", "February 2031"),
    ]:
        member.keyboard.press(key)
        expect(member.get_by_role("heading", level=1)).to_have_text(title)
    member.keyboard.press("?")
    expect(member.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")


def test_keys_can_be_switched_off(member, person, post_at):
    person.has_shortcuts = False
    person.save()
    post_at("2031-03-12T09:00")
    member.goto(MONTH)
    member.keyboard.press("w")
    member.keyboard.press("?")
    expect(member.get_by_role("dialog")).to_be_hidden()
    expect(member).to_have_url(re.compile(r"date=2031-03-12$"))


def test_unticked_account_hides_its_posts_and_stays_in_the_address(member, post_at, workspace):
    other = an_account(workspace, name="Newsroom")
    kept, hidden = post_at("2031-03-12T09:00"), post_at("2031-03-12T10:00", to=other)
    member.goto(MONTH)
    side = member.get_by_role("complementary")
    side.get_by_label("Newsroom").uncheck()
    expect(chip(member, hidden)).to_have_count(0)
    expect(chip(member, kept)).to_have_count(1)
    assert "account=" in member.url
    side.get_by_label("Newsroom").check()
    expect(chip(member, hidden)).to_have_count(1)
    assert "account=" not in member.url


def test_filter_by_status(member, post_at):
    kept = post_at("2031-03-12T09:00", status=Status.FAILED)
    hidden = post_at("2031-03-12T10:00")
    member.goto(MONTH)
    member.get_by_role("button", name="Filter").click()
    member.locator("#filter").get_by_label("Failed").check()
    member.locator("#filter").get_by_role("button", name="Show").click()
    expect(chip(member, hidden)).to_have_count(0)
    expect(chip(member, kept)).to_have_count(1)


def test_slash_goes_to_the_search(member, post_at):
    post_at("2031-03-12T09:00")
    member.goto(MONTH)
    member.keyboard.press("/")
    expect(member).to_have_url(re.compile("/queue/#search$"))


def test_line_of_now_is_on_todays_column(member, post_at):
    post_at("2031-03-12T09:00")
    member.goto("/?view=week")
    line = member.locator("#now")
    expect(line).to_be_in_viewport()
    minute = int(line.get_attribute("data-minute"))
    part = line.evaluate("line => line.offsetTop / line.parentElement.clientHeight")
    assert abs(part - minute / 1440) < 0.002


def test_examples_are_loaded_and_removed(member):
    member.goto("/")
    member.get_by_role("button", name="Load ten example posts").click()
    expect(member.locator(".chip").first).to_be_visible()
    member.get_by_role("button", name="Remove the examples").click()
    expect(member.get_by_role("heading", name="First steps")).to_be_visible()


def test_feed_is_one_click_away(member):
    member.goto("/")
    member.get_by_role("button", name="Feed").click()
    expect(member.get_by_text("1 of 3 done")).to_be_visible()


def test_phone_shows_dots_and_lists_the_chosen_day(open_page, sign_in, person, workspace, post_at, overflow):
    post_at("2031-03-12T09:00", text="On Wednesday")
    post_at("2031-03-13T09:00", text="On Thursday")
    page = sign_in(person, open_page(viewport=PHONE))
    page.goto(MONTH)
    expect(page.locator("#agenda")).to_contain_text("On Wednesday")
    page.get_by_role("link", name=re.compile("^13 ?1 post")).click()
    expect(page.locator("#agenda")).to_contain_text("On Thursday")
    expect(day(page, "2031-03-13").locator(".dots i")).to_have_count(1)
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["month", "week", "day", "list"])
def test_views_are_accessible_and_fit(open_page, sign_in, person, post_at, workspace, axe, overflow, view, scheme):
    for hour, status in enumerate(Status, start=8):
        post_at(f"2031-03-12T{hour:02}:00", status=status)
    post_at("2031-03-12T08:00").deliveries.update(hold_reason="paused")
    for viewport in ({"width": 1280, "height": 800}, PHONE):
        page = sign_in(person, open_page(viewport=viewport, color_scheme=scheme))
        page.goto(f"/?view={view}&date=2031-03-12")
        assert (axe(page), overflow(page)) == ([], 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_first_steps_are_accessible_and_fit(open_page, sign_in, person, workspace, axe, overflow, scheme):
    page = sign_in(person, open_page(viewport=PHONE, color_scheme=scheme))
    page.goto("/")
    assert (axe(page), overflow(page)) == ([], 0)
