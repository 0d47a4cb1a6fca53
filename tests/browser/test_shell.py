"""What stands around every page: it stays live, waits while nobody looks, and says when something is away."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import boards
from scheduler_ui.models import Status, Worker
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)
HIDE = "Object.defineProperty(document, 'hidden', { get: () => localStorage.hidden === '1' })"
WAKE = "document.body.dispatchEvent(new CustomEvent('app:wake'))"


@pytest.fixture
def member():
    member = a_membership(a_user(timezone="Europe/Berlin"), a_workspace())
    beats(timedelta(0))
    return member


def beats(ago):
    at = timezone.now() - ago
    Worker.objects.update_or_create(host="harbor", pid=1, defaults={"threads": 1, "started_at": at, "beat_at": at})


def test_worker_that_dies_is_told_on_the_open_page(page, sign_in, member):
    a_post(member.workspace, an_account(member.workspace), scheduled_for=timezone.now() + timedelta(minutes=1))
    sign_in(member.user).goto("/settings/")
    expect(page.locator("#worker")).to_contain_text("Worker is running")
    beats(timedelta(minutes=1))
    expect(page.get_by_text("No worker is running: nothing goes out.")).to_be_visible()
    beats(timedelta(0))
    expect(page.get_by_text("No worker is running: nothing goes out.")).to_be_hidden()


def test_counts_change_on_the_open_page_and_focus_stays(page, sign_in, member):
    sign_in(member.user).goto("/settings/")
    queue = page.locator("#nav").get_by_role("link", name="Queue")
    queue.focus()
    a_post(member.workspace, an_account(member.workspace), status=Status.FAILED)
    boards.touch(member.workspace_id)
    page.evaluate(WAKE)
    expect(page.locator("#nav .count")).to_have_text(re.compile("^1"))
    expect(queue).to_be_focused()
    expect(page.locator("#nav [aria-current=page]")).to_have_text("Settings")


def test_polls_wait_while_the_tab_is_hidden(page, sign_in, member):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/shell/" in request.url else None)
    page.context.add_init_script(HIDE)
    sign_in(member.user).goto("/settings/")
    page.evaluate("localStorage.hidden = '1'")
    page.evaluate(WAKE)
    page.evaluate("localStorage.hidden = ''")
    assert asked == []
    with page.expect_request(re.compile("/shell/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_server_away_is_said_and_its_return_too(page, sign_in, member, allowed_errors):
    allowed_errors += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    sign_in(member.user).goto("/settings/")
    page.context.set_offline(True)
    page.evaluate(WAKE)
    expect(page.get_by_text("Punctual does not answer.")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate(WAKE)
    expect(page.get_by_text("Punctual does not answer.")).to_be_hidden()


def test_expired_session_leads_to_the_sign_in_and_back(page, sign_in, member, allowed_errors):
    allowed_errors.append("status of 401")
    sign_in(member.user).goto("/settings/")
    page.context.clear_cookies()
    page.evaluate(WAKE)
    expect(page).to_have_url(re.compile(r"/account/login/\?next=/settings/"))


def test_skip_link_is_first_and_leads_to_the_content(page, sign_in, member):
    sign_in(member.user).goto("/settings/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_htmx_is_there_with_its_configuration(page, sign_in, member):
    sign_in(member.user).goto("/settings/")
    assert page.evaluate("[htmx.version, htmx.config.history, htmx.config.morphIgnore.includes('open')]") == [
        "4.0.1",
        False,
        True,
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_error_page_is_accessible_and_fits(open_page, sign_in, axe, overflow, member, viewport, scheme, allowed_errors):
    allowed_errors.append("status of 404")
    page = sign_in(member.user, open_page(viewport=viewport, color_scheme=scheme))
    page.goto("/nowhere/")
    expect(page.get_by_text("There is nothing here")).to_be_visible()
    assert (axe(page), overflow(page)) == ([], 0)


def box_of(page):
    return page.locator("#dialog").bounding_box()


def test_small_dialog_closes_beside_it_and_gives_the_focus_back(page, sign_in, member):
    sign_in(member.user).goto("/")
    page.locator("#shortcuts-open").click()
    expect(page.locator("#dialog")).to_be_visible()
    box = box_of(page)
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    expect(page.locator("#dialog")).to_be_visible()
    page.mouse.click(box["x"] - 20, box["y"] + 3)
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#shortcuts-open")).to_be_focused()


def test_dialog_with_a_form_stays_when_one_slips(page, sign_in, member):
    sign_in(member.user).goto("/")
    page.locator("#post-new").click()
    expect(page.locator("dialog.sheet")).to_be_visible()
    page.mouse.click(5, 5)
    expect(page.locator("dialog.sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#post-new")).to_be_focused()
