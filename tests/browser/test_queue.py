"""The queue and a post's page in a real browser: what is ticked and typed stays, what changes shows by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import boards
from scheduler_ui.models import Attempt, Delivery, Post, Status
from tests.browser.conftest import PHONE
from tests.factories import a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)
WAKE = "document.body.dispatchEvent(new CustomEvent('app:wake'))"
HOUR = timedelta(hours=1)


@pytest.fixture
def person():
    return a_user(timezone="Europe/Berlin")


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor Coffee", url="https://network.example/harbor")


@pytest.fixture
def post_of(workspace, account):
    def write(text, status=Status.SCHEDULED, **fields):
        at = timezone.now().replace(microsecond=0) + 30 * HOUR
        post = a_post(workspace, text=text, scheduled_for=at, timezone="Europe/Berlin")
        a_delivery(post, account, status=status, **fields)
        return post

    return write


@pytest.fixture
def member(sign_in, person, workspace):
    return sign_in(person)


def row(page, post):
    return page.locator(f"#row-{post.deliveries.get().public_id}")


def tell(page, workspace):
    """Something on the page has changed, and it asks at once."""
    boards.touch(workspace.pk)
    page.evaluate(WAKE)


def test_many_are_canceled_after_a_question_that_names_their_number(member, post_of):
    posts = [post_of(f"Post {number}") for number in range(3)]
    member.goto("/queue/")
    expect(member.get_by_role("button", name="Cancel", exact=True).first).to_be_disabled()
    for post in posts[:2]:
        row(member, post).get_by_role("checkbox").check()
    expect(member.get_by_text("2 selected")).to_be_visible()
    member.locator("#bulk-cancel").click()
    dialog = member.get_by_role("dialog", name="Cancel 2 deliveries?")
    dialog.get_by_role("button", name="Cancel 2").click()
    expect(member.get_by_text("2 canceled.")).to_be_visible()
    expect(row(member, posts[0])).to_have_count(0)
    expect(row(member, posts[2])).to_be_visible()
    expect(dialog).to_have_count(0)


def test_one_box_ticks_the_page(member, post_of):
    for number in range(3):
        post_of(f"Post {number}")
    member.goto("/queue/")
    member.get_by_role("checkbox", name="Select all on this page").check()
    expect(member.get_by_text("3 selected")).to_be_visible()
    member.locator("[name=row]").first.uncheck()
    expect(member.get_by_text("2 selected")).to_be_visible()


def test_what_is_ticked_and_typed_outlives_news(member, workspace, post_of):
    kept, _other = post_of("Kept"), post_of("Other")
    member.goto("/queue/")
    row(member, kept).get_by_role("checkbox").check()
    member.get_by_role("searchbox").press_sequentially("wint")
    post_of("News")
    tell(member, workspace)
    expect(member.get_by_role("link", name="News")).to_be_visible()
    expect(row(member, kept).get_by_role("checkbox")).to_be_checked()
    expect(member.get_by_text("1 selected")).to_be_visible()
    expect(member.get_by_role("searchbox")).to_have_value("wint")
    expect(member.get_by_role("searchbox")).to_be_focused()


def test_account_filter_takes_effect_when_it_is_chosen(member, workspace, post_of):
    post_of("Ours")
    a_post(workspace, an_account(workspace, name="Journal"), text="Theirs", scheduled_for=timezone.now() + HOUR)
    member.goto("/queue/")
    member.get_by_label("Account").select_option(label="Journal")
    expect(member.get_by_role("link", name="Theirs")).to_be_visible()
    expect(member.get_by_role("link", name="Ours")).to_have_count(0)


def test_menu_of_a_row_is_opened_walked_and_left_by_keyboard(member, post_of):
    post = post_of("Winter roast")
    member.goto("/queue/")
    more = row(member, post).get_by_role("button", name="More for")
    more.press("Enter")
    expect(row(member, post).get_by_role("link", name="Open")).to_be_focused()
    member.keyboard.press("Escape")
    expect(more).to_be_focused()


def test_menu_publishes_now_without_leaving_the_page(member, post_of):
    post = post_of("Winter roast")
    member.goto("/queue/")
    row(member, post).get_by_role("button", name="More for").click()
    row(member, post).locator(".menu").get_by_role("button", name="Publish now").click()
    expect(member.get_by_text("It goes out now.")).to_be_visible()
    expect(row(member, post).locator(".menu")).to_be_hidden()
    assert Delivery.objects.get().due_at < timezone.now() + timedelta(seconds=5)


def test_deleted_post_comes_back_by_undo(member, post_of):
    post = post_of("Winter roast")
    member.goto("/queue/")
    row(member, post).get_by_role("button", name="More for").click()
    row(member, post).get_by_role("link", name="Delete…").click()
    member.get_by_role("dialog").get_by_role("button", name="Delete post").click()
    expect(row(member, post)).to_have_count(0)
    member.get_by_role("button", name="Undo").click()
    expect(row(member, post)).to_be_visible()
    assert Post.objects.get().deleted_at is None


def test_reschedule_that_cannot_be_keeps_what_was_typed(member, post_of):
    post = post_of("Winter roast")
    member.goto(f"/posts/{post.public_id}/")
    member.locator("#post-reschedule").click()
    picker = member.get_by_label("Day and time")
    picker.fill("2020-01-01T09:00")
    member.get_by_role("dialog").get_by_role("button", name="Reschedule").click()
    expect(member.get_by_text("That time has passed.")).to_be_visible()
    expect(picker).to_have_value("2020-01-01T09:00")
    picker.fill("2031-03-30T02:30")
    member.get_by_role("dialog").get_by_role("button", name="Reschedule").click()
    expect(member.get_by_text("02:30 does not exist that day in Berlin; it goes out at 03:30.")).to_be_visible()
    member.get_by_role("dialog").get_by_role("button", name="Reschedule").click()
    expect(member.get_by_text("Moved to Sunday 30 March 2031, 03:30.")).to_be_visible()
    expect(member.get_by_text("Sun 30 Mar 2031, 03:30")).to_be_visible()


def test_post_page_asks_and_shows_the_answer_by_itself(member, workspace, post_of):
    post = post_of("Winter roast", status=Status.UNCONFIRMED)
    member.goto(f"/posts/{post.public_id}/")
    link = member.get_by_label("Link to the post, if you have it")
    link.press_sequentially("https://network.example/1")
    tell(member, workspace)
    member.wait_for_timeout(400)
    expect(link).to_have_value("https://network.example/1")
    member.get_by_role("button", name="It is there").click()
    expect(member.locator(".badge", has_text="Published")).to_be_visible()
    expect(member.get_by_role("link", name="View on Rehearsal")).to_have_attribute("href", "https://network.example/1")


def test_post_page_shows_a_delivery_turn_published_without_a_reload(member, workspace, post_of):
    post = post_of("Winter roast", status=Status.PUBLISHING)
    member.goto(f"/posts/{post.public_id}/")
    expect(member.get_by_text("Going out now; it can no longer be changed.")).to_be_visible()
    sent_at = post.scheduled_for + timedelta(milliseconds=40)
    Delivery.objects.all().delete()
    a_delivery(post, an_account(workspace, name="Harbor"), status=Status.PUBLISHED, sent_at=sent_at)
    tell(member, workspace)
    expect(member.get_by_text("It is out, 0.04 s after its time.")).to_be_visible()


def test_gadgets_in_text_and_answers_do_nothing(member, workspace, account, post_of):
    bad = "<img src=x onerror=alert(1)><b hx-get=/nowhere hx-trigger=load>x</b>"
    post = post_of(bad, status=Status.FAILED, error=bad)
    Attempt.objects.create(
        delivery=post.deliveries.get(), number=1, marked_at=timezone.now(), outcome="rejected", answer=bad, error=bad
    )
    asked = []
    member.on("dialog", lambda dialog: asked.append(dialog.message))
    member.on("request", lambda request: asked.append(request.url) if "nowhere" in request.url else None)
    for address in (f"/posts/{post.public_id}/", "/queue/?tab=failed"):
        member.goto(address)
        expect(member.get_by_text("onerror=alert(1)").first).to_be_visible()
    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_queue_post_and_trash_are_accessible_and_fit_a_phone(
    open_page, sign_in, person, workspace, post_of, axe, overflow, scheme
):
    for status in Status:
        if status != Status.PUBLISHING:
            post_of(f"A post that is {status}", status=status)
    asked = post_of("Is it out?", status=Status.UNCONFIRMED)
    Attempt.objects.create(
        delivery=asked.deliveries.get(), number=1, marked_at=timezone.now(), outcome="unconfirmed", answer="x" * 400
    )
    post_of("Gone", status=Status.CANCELED)
    gone = post_of("In the trash")
    Post.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    wide = sign_in(person, open_page(color_scheme=scheme))
    narrow = sign_in(person, open_page(color_scheme=scheme, viewport=PHONE))
    for address in (
        "/queue/",
        "/queue/?tab=needs_you",
        "/queue/?tab=published",
        f"/posts/{asked.public_id}/",
        "/trash/",
    ):
        wide.goto(address)
        narrow.goto(address)
        assert (address, axe(wide), overflow(wide)) == (address, [], 0)
        assert (address, axe(narrow), overflow(narrow)) == (address, [], 0)
