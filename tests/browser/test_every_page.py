"""Every page, in both themes, wide and narrow: axe finds nothing, nothing overflows, the console stays empty."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from scheduler_ui.domain import accounts, brakes, demo, notices, one_tap, pauses, people, setup_links, trash
from scheduler_ui.models import Account, Delivery, Hold, Installation, Membership, Post, Role, Status, User, Worker
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import PASSWORD, a_delivery, a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)
FOUND = """async (options) => (await axe.run({resultTypes: ["violations"], ...options})).violations.map(
  (rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))}`)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Width and theme each change everything once; their other two combinations can only change a colour.
EVERYTHING, COLOURS = {}, {"runOnly": ["color-contrast"]}
LOOKS = [
    (DESKTOP, "light", EVERYTHING),
    (DESKTOP, "dark", COLOURS),
    (PHONE, "dark", EVERYTHING),
    (PHONE, "light", COLOURS),
]
TABS = ["upcoming", "publishing", "retrying", "needs_you", "failed", "published", "drafts", "canceled"]
VIEWS = ["month", "week", "day", "list"]


def problems(page: Page) -> dict[str, object]:
    """What is wrong with the page as it stands, by look; it is loaded once and looked at four times."""
    page.evaluate(AXE_SCRIPT)
    found = {}
    for viewport, scheme, options in LOOKS:
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        said = (page.evaluate(FOUND, options), page.evaluate(WIDER))
        if said != ([], 0):
            found[f"{viewport['width']} {scheme}"] = said
    page.set_viewport_size(DESKTOP)
    return found


def problems_of(page: Page, addresses: list[str]) -> dict[str, object]:
    found = {}
    for address in addresses:
        page.goto(address)
        if said := problems(page):
            found[address] = said
    return found


@pytest.fixture
def still(open_page):
    return open_page(reduced_motion="reduce")


@pytest.fixture
def full(sign_in, still):
    """Ines's browser on a workspace with a bit of everything."""
    now = timezone.now()
    demo.seed(PASSWORD, now)
    ines = User.objects.get(email=demo.OPERATOR)
    return sign_in(ines, still)


@pytest.fixture
def empty(sign_in, still):
    person = a_user()
    a_workspace(person)
    return sign_in(person, still)


def test_calendar(full):
    assert problems_of(full, [f"/?view={view}" for view in VIEWS] + ["/?account=none", "/?date=1999-01-01"]) == {}


def test_queue(full):
    addresses = [f"/queue/?tab={tab}" for tab in TABS] + ["/queue/?q=nothing+like+it"]
    trash.delete(Post.objects.first(), actor=User.objects.first(), now=timezone.now())
    assert problems_of(full, [*addresses, reverse("trash")]) == {}


def test_post_in_each_status(full):
    account = Account.objects.first()
    a_post(account.workspace, account, status=Status.PUBLISHING, scheduled_for=timezone.now())
    picked = {
        delivery.status: delivery.post.public_id for delivery in Delivery.objects.select_related("post").order_by("-pk")
    }
    picked["held"] = Delivery.objects.exclude(hold_reason="").first().post.public_id
    picked["draft"] = Post.objects.filter(deliveries=None).first().public_id
    assert set(picked) >= set(Status.values)
    assert problems_of(full, [reverse("post", args=[public_id]) for public_id in picked.values()]) == {}


def test_composer(full):
    scheduled = Delivery.objects.filter(status=Status.SCHEDULED).first().post.public_id
    assert problems_of(full, [reverse("post_new"), reverse("post_edit", args=[scheduled])]) == {}


def test_accounts(full):
    rehearsal, feed = (
        Account.objects.filter(platform=platform).first().public_id for platform in ("rehearsal", "feed")
    )
    addresses = [reverse("accounts"), reverse("accounts_connect")]
    addresses += [reverse("accounts_connect_to", args=[slug]) for slug in ("feed", "webhook", "bluesky", "rehearsal")]
    addresses += [reverse(name, args=[rehearsal]) for name in ("account", "account_disconnect", "rehearsal")]
    assert problems_of(full, [*addresses, reverse("account", args=[feed])]) == {}


def test_lost_account(full):
    lost = an_account(Account.objects.first().workspace, platform="bluesky", name="Harbor sky", handle="harbor.coffee")
    accounts.lose(lost, "The app password was revoked.", timezone.now())
    names = ("account", "account_reconnect")
    addresses = [reverse(name, args=[lost.public_id]) for name in names]
    assert problems_of(full, [*addresses, reverse("accounts"), reverse("notices")]) == {}


def test_bad_day(full):
    """Everything that a page can say of its surroundings, and the questions before a pause ends."""
    now, person = timezone.now(), User.objects.get(email=demo.OPERATOR)
    account = Account.objects.filter(platform="rehearsal").first()
    for hours in (1, 3):
        a_post(account.workspace, account, scheduled_for=now - timedelta(hours=hours))
    accounts.pause(account)
    names = {"host": "harbor-2", "pid": 1, "threads": 16, "started_at": now, "beat_at": now + timedelta(hours=1)}
    Worker.objects.create(**names, is_clock_off=True, clock_offset_ms=5200, is_queue_away=True)
    Installation.objects.update_or_create(pk=1, defaults={"scheduling_enabled": False, "restored_from": now})
    resume = reverse("account_resume", args=[account.public_id])
    held = a_post(account.workspace, scheduled_for=now)
    a_delivery(held, account, hold_reason="repeat")
    brakes.tell(held.deliveries.get(), Hold.REPEAT, now)
    Account.objects.filter(pk=account.pk).update(settings={"kind": "blind"})
    named = [reverse("post", args=[held.public_id]), reverse("account", args=[account.public_id]), reverse("notices")]
    named += ["/queue/?tab=needs_you", reverse("settings_restored"), reverse("settings_publishing_resume")]
    found = problems_of(full, ["/", resume, *named])
    pauses.pause(account.workspace, person, now)
    assert found | problems_of(full, [reverse("settings"), reverse("settings_resume"), resume]) == {}


def test_question_from_a_mail(open_page, full):
    asked = Delivery.objects.filter(status=Status.UNCONFIRMED, due_at=None).select_related("post").first()
    person = User.objects.get(email=demo.OPERATOR)
    links = one_tap.links(asked, person)
    recent = reverse("delivery_recent", args=[asked.public_id])
    full.goto(reverse("post", args=[asked.post.public_id]))
    expect(full.locator(".ask-r > *").first).not_to_have_text(re.compile("^The account.s latest posts$"))
    assert problems(full) == {}
    found = problems_of(full, [recent])
    signed_out = open_page(reduced_motion="reduce")
    assert found | problems_of(signed_out, [link.removeprefix(settings.BASE_URL) for link in links.values()]) == {}


def test_record(full):
    assert problems_of(full, [reverse("record"), f"{reverse('record')}?month=2026-01"]) == {}
    full.goto(reverse("record"))
    full.get_by_text("The same as a table").click()
    expect(full.get_by_role("columnheader", name="Median")).to_be_visible()
    assert problems(full) == {}


def test_settings(full):
    addresses = [reverse("settings"), reverse("account_change_password"), reverse("account_logout")]
    assert problems_of(full, addresses) == {}
    full.goto(reverse("settings"))
    full.get_by_role("button", name="New invite link").click()
    expect(full.get_by_role("heading", name="Invite link")).to_be_visible()
    assert problems(full) == {}


def test_workspace_without_anything(empty):
    named = [reverse(name) for name in ("post_new", "accounts", "notices", "trash", "settings", "record")]
    assert problems_of(empty, [f"/?view={view}" for view in VIEWS] + ["/queue/", *named]) == {}


def test_gate(still, allowed_errors):
    allowed_errors += ["status of 410", "status of 404"]
    assert problems_of(still, [f"/setup/{setup_links.token()}/", "/setup/wrong/", "/join/wrong/", "/nowhere/"]) == {}
    owner = a_membership(a_user(), a_workspace())
    _invite, token = people.invite(owner, Role.MEMBER, timezone.now())
    names = ("account_login", "account_reset_password", "account_reset_password_done", "account_signup")
    assert problems_of(still, [reverse("join", args=[token]), *map(reverse, names)]) == {}


def test_public_feed(still, full):
    feed = Account.objects.get(platform="feed").remote_id
    entry = Post.objects.filter(deliveries__account__remote_id=feed, attachments__isnull=False).first()
    still.context.clear_cookies()
    assert problems_of(still, [reverse("feed", args=[feed]), reverse("feed_entry", args=[feed, entry.public_id])]) == {}


@pytest.mark.parametrize("error", [RuntimeError, PermissionDenied, SuspiciousOperation, Http404])
def test_page_of_an_error(empty, monkeypatch, allowed_errors, error):
    def broken(*_):
        raise error("meant")

    allowed_errors.append("the server responded with a status of")
    monkeypatch.setattr(notices, "seen_by", broken)
    assert problems_of(empty, [reverse("notices")]) == {}


def press(key):
    return lambda page: page.keyboard.press(key)


def click(selector):
    return lambda page: page.locator(selector).first.click()


@pytest.mark.parametrize(
    ("address", "act", "opened"),
    [
        ("/", press("c"), "dialog .composer"),
        ("/", press("?"), "dialog .keys"),
        ("/", click(".more:visible"), "dialog"),
        ("/", click("[popovertarget]:visible"), ":popover-open"),
        ("/queue/", click("main [id^=more-]"), ":popover-open"),
        ("/accounts/", click("main [popovertarget]"), ":popover-open"),
    ],
    ids=["composer", "shortcuts", "day", "filter", "row", "account"],
)
def test_what_opens_over_a_page(full, address, act, opened):
    full.goto(address)
    act(full)
    expect(full.locator(opened).first).to_be_visible()
    assert problems(full) == {}


def tab_to(page: Page, wanted) -> None:
    """Press Tab until it has the focus, as one does without a mouse."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


def test_a_post_is_scheduled_with_keys_alone(empty):
    an_account(Membership.objects.get().workspace, name="Harbor Coffee")
    empty.goto("/")
    empty.keyboard.press("c")
    sheet = empty.get_by_role("dialog")
    expect(sheet).to_be_visible()
    text = sheet.get_by_placeholder("What do you want to say?")
    tab_to(empty, text)
    empty.keyboard.type("Winter roast is back")
    tab_to(empty, sheet.get_by_role("button", name=re.compile("^Tomorrow")))
    empty.keyboard.press("Enter")
    tab_to(empty, sheet.get_by_role("button", name="Schedule"))
    empty.keyboard.press("Enter")
    expect(sheet).to_be_hidden()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.post.text) == (Status.SCHEDULED, "Winter roast is back")


MOVING = """() => [...document.querySelectorAll("*")].flatMap((node) => ["", "::before", "::after"].map((part) => {
  const style = getComputedStyle(node, part || null);
  const moves = style.animationName !== "none" || style.transitionDuration.split(", ").some((time) => parseFloat(time));
  return moves ? `${node.tagName} ${node.className} ${part}` : "";
})).filter(Boolean)"""


def test_nothing_moves_for_those_who_asked_for_it(full):
    for address in ("/", "/queue/?tab=publishing", reverse("post_new")):
        full.goto(address)
        assert full.evaluate(MOVING) == []
    full.emulate_media(reduced_motion="no-preference")
    assert full.evaluate(MOVING) != []
