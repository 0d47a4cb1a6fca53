"""What the runaway brake stopped: seen everywhere, with a reason, and sent anyway or dropped by a person's word."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import brakes, shells
from scheduler_ui.models import Account, Delivery, Event, Hold, Status
from tests.factories import NOW, a_delivery, a_post, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor", hourly_cap=25)


def held(account, hold=Hold.BRAKE, minutes=5, **fields):
    post = a_post(account.workspace, scheduled_for=NOW - minutes * MINUTE)
    return a_delivery(post, account, hold_reason=hold, **fields)


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def do(member, name, delivery):
    return member.post(reverse(f"delivery_{name}", args=[delivery.public_id]), follow=True)


def test_post_says_why_it_is_held_and_offers_both_answers(member, account):
    delivery = held(account)
    said = words(member.get(reverse("post", args=[delivery.post.public_id])))
    assert "More than 25 posts within an hour to this account: held until you have looked." in said
    assert [label in said for label in ("Send it anyway", "Drop", "Reschedule…")] == [True] * 3


def test_post_that_repeats_another_shows_which(member, account):
    first = a_post(account.workspace, text="Winter roast")
    delivery = held(account, Hold.REPEAT)
    key = brakes.text_sha256(delivery)
    sent = {"status": Status.PUBLISHED, "marked_at": NOW - 60 * MINUTE, "text_sha256": key}
    a_delivery(first, account, **sent)
    a_delivery(a_post(account.workspace), account, **sent | {"status": Status.FAILED})
    said = words(member.get(reverse("post", args=[delivery.post.public_id])))
    assert "The same post went there at 08:00: Winter roast" in said


@pytest.mark.parametrize("hold", [Hold.BRAKE, Hold.REPEAT])
def test_it_is_sent_anyway_at_its_own_time(member, account, hold):
    delivery = held(account, hold)
    assert "It goes out as soon as it is its turn." in words(do(member, "anyway", delivery))
    kept = Delivery.objects.get()
    assert (kept.hold_reason, kept.is_brake_waived, kept.scheduled_for) == ("", True, delivery.scheduled_for)
    assert Event.objects.get().kind == "unbraked"


def test_what_is_past_the_late_policy_goes_out_anyway(member, account):
    do(member, "anyway", held(account, minutes=600))
    kept = Delivery.objects.get()
    assert (kept.hold_reason, kept.is_brake_waived, kept.due_at) == ("", True, NOW + timedelta(seconds=1))


def test_what_was_held_in_the_line_after_an_outage_goes_out_anyway(member, account):
    """It had been given a turn later than its promise; a worker counts from the promise, and would give it up."""
    delivery = held(account, minutes=90)
    Delivery.objects.update(due_at=NOW - 5 * MINUTE)
    do(member, "anyway", delivery)
    kept = Delivery.objects.get()
    assert (kept.hold_reason, kept.is_brake_waived, kept.scheduled_for > NOW) == ("", True, True)


def test_publish_now_means_that_the_brake_is_not_meant_for_it(member, account):
    do(member, "now", held(account))
    kept = Delivery.objects.get()
    assert (kept.hold_reason, kept.is_brake_waived) == ("", True)


def test_publish_now_of_what_is_not_held_leaves_the_brake_on(member, account):
    do(member, "now", held(account, Hold.NONE))
    assert Delivery.objects.get().is_brake_waived is False


def test_it_is_dropped(member, account):
    do(member, "drop", held(account))
    assert Delivery.objects.get().status == Status.CANCELED


def test_anyway_of_what_is_not_held_is_refused_in_words(member, account):
    assert "It is not held any more." in words(do(member, "anyway", held(account, Hold.PAUSED)))
    assert Delivery.objects.get().hold_reason == Hold.PAUSED


@pytest.mark.parametrize("status", [Status.CANCELED, Status.PUBLISHED, Status.UNCONFIRMED])
def test_anyway_of_what_was_decided_in_another_tab_is_refused_in_words(member, account, status):
    delivery = held(account, "", status=status)
    assert "It is not held any more." in words(do(member, "anyway", delivery))
    assert Delivery.objects.get().status == status


def test_queue_lists_it_where_it_needs_you_and_nowhere_else(member, account):
    delivery = held(account)
    held(account, Hold.REPEAT, status=Status.RETRYING)
    held(account, Hold.PAUSED)
    row = f'id="row-{delivery.public_id}"'
    pages = {tab: member.get(f"/queue/?tab={tab}") for tab in ("needs_you", "upcoming", "retrying")}
    assert {tab: row in page.content.decode() for tab, page in pages.items()} == {
        "needs_you": True,
        "upcoming": False,
        "retrying": False,
    }
    counts = {tab["label"]: tab["count"] for tab in pages["needs_you"].context["tabs"]}
    assert [counts[label] for label in ("Needs you", "Upcoming", "Retrying")] == ["2", "1", "0"]
    assert "Send it anyway" in words(pages["needs_you"])


def test_navigation_counts_it(workspace, account):
    held(account)
    held(account, Hold.PAUSED)
    assert shells.look(workspace.memberships.get(), NOW).trouble == 1


@pytest.mark.parametrize(("typed", "kept"), [("5", 5), ("0", 0), ("", None)])
def test_an_account_may_have_its_own_brake(member, account, typed, kept):
    member.post(reverse("account_brake", args=[account.public_id]), {"hourly_cap": typed})
    assert Account.objects.get().hourly_cap == kept
    assert 'name="hourly_cap"' in member.get(reverse("account", args=[account.public_id])).content.decode()


@pytest.mark.parametrize("typed", ["-1", "many", "1.5"])
def test_a_brake_that_is_no_number_is_refused_in_words(member, account, typed):
    url = reverse("account_brake", args=[account.public_id])
    assert "a whole number, or nothing" in words(member.post(url, {"hourly_cap": typed}, follow=True))
    assert Account.objects.get().hourly_cap == 25


def test_a_feed_has_no_brake(member, workspace):
    feed = an_account(workspace, platform="feed")
    assert "Runaway brake" not in words(member.get(reverse("account", args=[feed.public_id])))


@pytest.mark.parametrize(("hold", "said"), [(Hold.PAUSED, "Paused"), (Hold.BRAKE, "Held"), (Hold.RECONNECT, "Held")])
def test_a_held_card_says_what_holds_it(member, account, hold, said):
    delivery = held(account, hold)
    page = member.get(reverse("post", args=[delivery.post.public_id])).content.decode()
    assert re.search(r'held-mark">.*?</svg>([^<]+)<', page)[1] == said
