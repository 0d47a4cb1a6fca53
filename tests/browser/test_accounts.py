"""Accounts, their other side and the bell, as a person meets them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from scheduler_ui.domain import accounts, notices, vault
from scheduler_ui.domain.rehearsals import ArrivalLog
from scheduler_ui.models import Account, Attempt, Membership, Notice, Status
from tests.browser.conftest import PHONE
from tests.factories import a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    return a_user(name="Ines Marques")


@pytest.fixture
def workspace(person):
    workspace = a_workspace(person)
    Membership.objects.update(joined_at=timezone.now() - timedelta(days=9))
    return workspace


@pytest.fixture
def lost(workspace):
    """An account that was revoked: one post failed by it, one is held."""
    account = an_account(workspace, platform="bluesky", name="Harbor Coffee", handle="harbor.coffee", followers=3207)
    account.secrets = vault.seal(account.public_id, {"jwt": "x"})
    account.save()
    now = timezone.now()
    failed = a_delivery(a_post(workspace, scheduled_for=now - timedelta(hours=1)), account, status=Status.FAILED)
    Attempt.objects.create(delivery=failed, number=1, marked_at=now, outcome=Attempt.Outcome.UNAUTHORIZED)
    a_post(workspace, account, scheduled_for=now + timedelta(minutes=1))
    accounts.lose(account, "The app password was revoked.", now)
    notices.tell(
        Notice.Kind.FAILED,
        workspace,
        title="Not published to Harbor Coffee",
        body="The app password was revoked.",
        event_key="failed:1",
        delivery=failed,
        account=account,
        now=now,
    )
    return account


@pytest.fixture
def rehearsal(workspace):
    account = an_account(workspace, name="Rehearsal", settings={"kind": "blind", "name": "Rehearsal"})
    # Something near, so that the pages look often.
    a_post(workspace, account, scheduled_for=timezone.now() + timedelta(minutes=1))
    return account


def visited(workspace, lost, rehearsal):
    ArrivalLog().add(rehearsal.public_id, "key-1", "Winter roast", "lost", is_accepted=True)
    feed = an_account(workspace, platform="feed", remote_id="harbor", name="Harbor journal")
    a_post(workspace, feed, scheduled_for=timezone.now() - timedelta(hours=1), status=Status.PUBLISHED)
    names = ["accounts", "accounts_connect", "notices"]
    urls = [reverse(name) for name in names] + [reverse("accounts_connect_to", args=["bluesky"])]
    urls += [reverse(name, args=[lost.public_id]) for name in ("account", "account_reconnect", "account_disconnect")]
    urls += [reverse(name, args=[rehearsal.public_id]) for name in ("account", "rehearsal")]
    return [*urls, reverse("feed", args=["harbor"])]


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", "viewport": PHONE}], ids=["light", "dark phone"])
def test_every_page_is_accessible_and_fits(open_page, sign_in, axe, overflow, person, workspace, lost, rehearsal, look):
    page = sign_in(person, open_page(**look))
    found = {}
    for url in visited(workspace, lost, rehearsal):
        page.goto(url)
        found[url] = (axe(page), overflow(page))
    assert {url: problems for url, problems in found.items() if problems != ([], 0)} == {}


def test_a_password_that_is_none_is_refused_at_its_field(sign_in, person, workspace):
    page = sign_in(person)
    page.goto(reverse("accounts_connect"))
    page.get_by_role("link", name="Bluesky").click()
    page.get_by_label("Handle").fill("harbor.coffee")
    page.get_by_label("App password").fill("correct-horse-9")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("This does not look like an app password.")).to_be_visible()
    expect(page.get_by_label("Handle")).to_have_value("harbor.coffee")
    expect(page.get_by_label("App password")).to_have_value("correct-horse-9")


def test_a_feed_is_connected_paused_and_disconnected(sign_in, person, workspace):
    page = sign_in(person)
    page.goto(reverse("accounts_connect_to", args=["feed"]))
    page.get_by_label("Name").fill("Harbor journal")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Harbor journal is connected.")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("0 posts wait until you resume.")).to_be_visible()
    page.get_by_role("link", name="Resume…").click()
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    page.get_by_role("link", name="Disconnect").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Harbor journal is disconnected.")).to_be_visible()
    assert Account.objects.get().state == Account.State.DISCONNECTED


def test_the_menu_of_a_row_needs_no_mouse(sign_in, person, rehearsal):
    page = sign_in(person)
    page.goto(reverse("accounts"))
    page.get_by_role("button", name="More actions for Rehearsal").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sync now")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sync now")).to_be_hidden()


def test_an_arrival_is_seen_without_a_reload_and_takes_nothing_that_is_typed(sign_in, person, rehearsal):
    page: Page = sign_in(person)
    page.goto(reverse("rehearsal", args=[rehearsal.public_id]))
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
    page.get_by_label("Seconds").fill("17")
    ArrivalLog().add(rehearsal.public_id, "key-1", "Winter roast", "429", is_accepted=False)
    expect(page.get_by_text("429: asked to wait", exact=True)).to_be_visible()
    expect(page.get_by_label("Seconds")).to_have_value("17")


def test_a_notice_rings_the_bell_by_itself_and_is_read(sign_in, person, workspace, rehearsal):
    page = sign_in(person)
    page.goto(reverse("notices"))
    expect(page.get_by_text("Nobody will be told outside the app.")).to_be_visible()
    accounts.lose(rehearsal, "It no longer lets us in.", timezone.now())
    expect(page.get_by_role("heading", name="Rehearsal must be connected again")).to_be_visible()
    expect(page.get_by_role("link", name="Notices, 1 unread")).to_be_visible()
    page.get_by_role("button", name="Mark all read").click()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_be_visible()
