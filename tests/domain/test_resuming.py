from datetime import timedelta
from functools import partial

import pytest

from scheduler_ui.domain import accounts, overdue, pauses, resuming
from scheduler_ui.domain.overdue import Choice, Decision
from scheduler_ui.domain.resuming import Preview
from scheduler_ui.models import Account, Attempt, Delivery, Event, LateThen, Post, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person, late_minutes=60)


@pytest.fixture
def account(workspace):
    return an_account(workspace)


def late(account, *minutes, **fields):
    """Deliveries that many minutes overdue; below zero, still to come."""
    return [
        a_delivery(a_post(account.workspace, scheduled_for=NOW - number * MINUTE, **fields), account)
        for number in minutes
    ]


def resume(account, decision, person):
    release = partial(accounts.resume, account)
    return resuming.carry_out(resuming.of_account(account), decision, release, actor=person, now=NOW)


def rows():
    found = Delivery.objects.order_by("pk").values_list("status", "hold_reason", "scheduled_for", "due_at")
    return [(status, hold, at and (at - NOW) / MINUTE, due and (due - NOW) / MINUTE) for status, hold, at, due in found]


def test_preview_says_what_a_resume_would_do(account, django_assert_num_queries):
    late(account, -5, 10, 42, 61)
    late(account, 10, late_minutes=5, late_then=LateThen.SKIP)
    late(account, 90, late_minutes=100)
    accounts.pause(account)
    asked = resuming.of_account(account)
    with django_assert_num_queries(3):
        said = resuming.preview(asked, NOW)
    counts = {"waiting": 6, "overdue": 5, "posts": 5, "in_time": 3, "asked": 1, "skipped": 1, "gap": 3}
    assert said == Preview(latest=timedelta(minutes=90), **counts)


def test_what_stands_in_line_after_an_outage_is_overdue_since_its_promise(account, person):
    """Somebody pauses while a backlog goes out: each has been given a turn, and the policy counts from the promise."""
    rows = [*late(account, 80, 50), *late(account, 40)]
    for row, turn in zip(rows, (-30, 5, 10), strict=True):
        Delivery.objects.filter(pk=row.pk).update(due_at=NOW + turn * MINUTE)
    accounts.pause(account)
    said = resuming.preview(resuming.of_account(account), NOW)
    assert said == Preview(waiting=3, overdue=3, posts=3, in_time=2, asked=1, latest=timedelta(minutes=50), gap=3)
    assert resume(account, Decision(Choice.DROP), person) == 3


def test_what_the_runaway_brake_will_hold_is_said(workspace, account, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 2}
    late(account, 10, 20, 30, 90)
    late(an_account(workspace, hourly_cap=0), 10, 20, 30)
    assert resuming.preview(resuming.of_everything(), NOW).braked == 2


def test_gap_is_said_where_one_of_an_account_has_to_wait_for_another(workspace, account, settings):
    (unsure,) = late(account, 10)
    late(an_account(workspace), 20, -5)
    gaps = [resuming.preview(resuming.of_everything(), NOW).gap]
    late(account, 30)
    gaps.append(resuming.preview(resuming.of_everything(), NOW).gap)
    unsure.attempts.create(number=1, key=unsure.key, marked_at=NOW, outcome=Attempt.Outcome.UNCONFIRMED)
    gaps.append(resuming.preview(resuming.of_everything(), NOW).gap)
    late(account, 40)
    settings.PUNCTUAL = settings.PUNCTUAL | {"catch_up_gap": 0}
    gaps.append(resuming.preview(resuming.of_everything(), NOW).gap)
    assert gaps == [0, 3, 0, 0]


def test_a_rate_limits_waiting_makes_nothing_late(account):
    (row,) = late(account, 80)
    Delivery.objects.filter(pk=row.pk).update(due_at=NOW - 10 * MINUTE)
    Account.objects.filter(pk=account.pk).update(waits_until=NOW - 10 * MINUTE)
    assert resuming.preview(resuming.of_everything(), NOW).asked == 0


def test_preview_counts_posts_that_go_to_several_accounts_once(workspace, account, person):
    second = an_account(workspace)
    a_post(workspace, account, second, scheduled_for=NOW - MINUTE)
    pauses.pause(workspace, person, NOW)
    said = resuming.preview(resuming.of_workspace(workspace), NOW)
    assert (said.overdue, said.posts) == (2, 1)


def test_what_may_be_out_already_is_never_too_late(account):
    [delivery] = late(account, 600)
    Delivery.objects.update(status=Status.RETRYING, key="abc")
    unsure = {"kind": Attempt.Kind.SEND, "number": 1, "outcome": Attempt.Outcome.UNCONFIRMED}
    Attempt.objects.create(delivery=delivery, key="abc", marked_at=NOW, **unsure)
    accounts.pause(account)
    assert resuming.preview(resuming.of_account(account), NOW).in_time == 1


def test_rows_of_an_account_are_none_while_its_workspace_is_paused(workspace, account, person):
    late(account, 5)
    accounts.pause(account)
    pauses.pause(workspace, person, NOW)
    assert not resuming.of_account(account).exists()
    assert not resuming.of_workspace(workspace).exists()


def test_rows_of_a_workspace_leave_out_what_an_account_holds(workspace, account, person):
    late(account, 5)
    late(an_account(workspace, is_paused=True), 5)
    late(an_account(workspace, state=Account.State.RECONNECT), 5)
    pauses.pause(workspace, person, NOW)
    Delivery.objects.update(hold_reason="paused")
    assert [row.account for row in resuming.of_workspace(workspace)] == [account]


def test_rows_of_a_lost_account_are_those_that_it_held(workspace, account):
    late(account, 5)
    accounts.lose(account, "revoked", NOW)
    assert resuming.of_lost(account).count() == 1
    assert not resuming.of_account(account).exists()


def test_the_late_policy_is_left_to_the_worker(account, person):
    late(account, 10, 90)
    accounts.pause(account)
    assert resume(account, Decision(), person) == 0
    assert rows() == [("scheduled", "", -10, -10), ("scheduled", "", -90, -90)]


def test_publish_all_promises_the_next_second_and_offers_the_oldest_first(account, person):
    late(account, 10, 90, -5)
    accounts.pause(account)
    assert resume(account, Decision(Choice.PUBLISH), person) == 2
    found = list(Delivery.objects.order_by("due_at").values_list("scheduled_for", "due_at", "version"))
    soon = NOW + timedelta(seconds=1)
    assert found == [
        (soon, soon, 2),
        (soon, soon + timedelta(milliseconds=1), 2),
        (NOW + 5 * MINUTE, NOW + 5 * MINUTE, 1),
    ]
    oldest = Delivery.objects.order_by("due_at").first()
    assert oldest == Delivery.objects.order_by("pk")[1]
    assert Post.objects.get(pk=oldest.post_id).scheduled_for == soon
    assert list(Event.objects.values_list("kind", "actor")) == [("now", person.pk)] * 2


def test_new_times_keep_the_order_and_their_gap(account, person):
    late(account, 10, 90, 20, -5)
    accounts.pause(account)
    decision = Decision(Choice.RESCHEDULE, start=NOW + 30 * MINUTE, gap=15 * MINUTE)
    assert resume(account, decision, person) == 3
    assert rows() == [
        ("scheduled", "", 60, 60),
        ("scheduled", "", 30, 30),
        ("scheduled", "", 45, 45),
        ("scheduled", "", 5, 5),
    ]
    post = Delivery.objects.order_by("pk").first().post
    assert (post.scheduled_for, post.local_time) == (NOW + 60 * MINUTE, (NOW + 60 * MINUTE).replace(tzinfo=None))


def test_accounts_of_one_post_get_one_new_time_and_the_post_follows(workspace, account, person):
    second = an_account(workspace)
    both = a_post(workspace, account, second, scheduled_for=NOW - 20 * MINUTE)
    half = a_post(workspace, account, scheduled_for=NOW - 10 * MINUTE)
    a_delivery(half, second, status=Status.PUBLISHED)
    pauses.pause(workspace, person, NOW)
    decision = Decision(Choice.RESCHEDULE, start=NOW + 30 * MINUTE, gap=5 * MINUTE)
    release = partial(pauses.resume, workspace)
    done = resuming.carry_out(resuming.of_workspace(workspace), decision, release, actor=person, now=NOW)
    assert done == 3
    times = {row.pk: row.scheduled_for for row in Post.objects.all()}
    assert times == {both.pk: NOW + 30 * MINUTE, half.pk: NOW - 10 * MINUTE}
    assert sorted(Delivery.objects.exclude(status="published").values_list("scheduled_for", flat=True)) == [
        NOW + 30 * MINUTE,
        NOW + 30 * MINUTE,
        NOW + 35 * MINUTE,
    ]


def test_drop_cancels_what_is_overdue_and_nothing_else(account, person):
    late(account, 10, -5)
    Delivery.objects.filter(due_at__lt=NOW).update(status=Status.RETRYING)
    accounts.pause(account)
    assert resume(account, Decision(Choice.DROP), person) == 1
    assert [(status, due) for status, _hold, _at, due in rows()] == [("canceled", None), ("scheduled", 5)]
    assert Event.objects.get().kind == "canceled"


def test_a_retry_that_is_moved_begins_anew(account, person):
    late(account, 10)
    Delivery.objects.update(status=Status.RETRYING, tries=3, error="busy")
    accounts.pause(account)
    resume(account, Decision(Choice.PUBLISH), person)
    assert Delivery.objects.values_list("status", "tries", "error").get() == ("scheduled", 0, "")


@pytest.mark.parametrize("choice", [Choice.PUBLISH, Choice.RESCHEDULE, Choice.DROP])
def test_what_was_taken_meanwhile_is_left_alone(account, person, choice):
    [taken] = late(account, 10)
    accounts.pause(account)
    asked = resuming.of_account(account).filter(due_at__lt=NOW)
    Delivery.objects.filter(pk=taken.pk).update(
        status=Status.PUBLISHING, token="theirs", lease_until=NOW + MINUTE, hold_reason=""
    )
    before = Delivery.objects.values().get()
    assert overdue.decide(asked, Decision(choice, NOW + MINUTE, MINUTE), actor=person, now=NOW) == 0
    assert Delivery.objects.values().get() == before


def test_everything_held_stays_held_until_all_is_decided(account, person, monkeypatch):
    monkeypatch.setattr(overdue, "AT_ONCE", 1)
    late(account, 10, 20, 30)
    accounts.pause(account)
    seen = []
    release = lambda: seen.extend(Delivery.objects.values_list("hold_reason", flat=True))  # noqa: E731
    decision = Decision(Choice.RESCHEDULE, NOW + MINUTE, MINUTE)
    resuming.carry_out(resuming.of_account(account), decision, release, actor=person, now=NOW)
    assert seen == ["paused"] * 3
    assert [at for _status, _hold, at, _due in rows()] == [3, 2, 1]


@pytest.mark.parametrize("number", [1, 3])
def test_a_chunk_costs_the_same_however_full(account, person, number, django_assert_num_queries):
    late(account, *range(1, number + 1))
    accounts.pause(account)
    asked = resuming.of_account(account)
    # The posts in order; of a chunk: savepoint and its end, rows, what is void, times, events, counts, posts' times.
    with django_assert_num_queries(9):
        overdue.decide(asked, Decision(Choice.PUBLISH), actor=person, now=NOW)


def test_preview_counts_what_waits_no_further_than_anybody_reads(account, monkeypatch):
    monkeypatch.setattr(resuming, "MOST", 2)
    accounts.pause(account)
    late(account, -1, -2, -3)
    accounts.pause(account)
    assert resuming.preview(resuming.of_account(account), NOW).waiting == 2


def test_rows_of_everything_are_found_by_what_is_due(account, plan):
    found = plan(resuming._overdue(resuming.of_everything(), NOW))
    # Both hold what is due alone, in that order.
    assert "delivery_due" in found or "delivery_next" in found
