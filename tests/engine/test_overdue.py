"""A backlog: judged by its late policy, then oldest first with a gap per account, and nothing new waits behind it."""

from datetime import timedelta

import pytest
from django.db import DataError

from scheduler_ui.domain import digests
from scheduler_ui.engine import clock, deliver, offers, overdue, recover
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Account, Attempt, Budget, Delivery, LateThen, Notice, Post, Status, Tab, Workspace
from tests.engine.test_budgets import at_once
from tests.factories import NOW, a_post, a_workspace, an_account

pytestmark = pytest.mark.django_db
GAP = timedelta(seconds=3)


@pytest.fixture
def offer():
    def run(now=NOW):
        woken = []
        seats.forget()
        offers.offer_due(now, woken.extend)
        return [pk for pk, _ in woken]

    return run


def post_at(account, seconds, **fields):
    return a_post(account.workspace, account, scheduled_for=NOW + timedelta(seconds=seconds), **fields).deliveries.get()


def gone(row):
    Delivery.objects.filter(pk=row.pk).update(status=Status.PUBLISHED, due_at=None)


def due_of(*rows):
    return [Delivery.objects.get(pk=row.pk).due_at for row in rows]


def test_backlog_of_an_account_goes_out_oldest_first_with_a_gap(account, offer):
    third, first, second = post_at(account, -100), post_at(account, -300), post_at(account, -200)
    assert offer() == [first.pk]
    gone(first)
    assert due_of(second, third) == [NOW + GAP, NOW + 2 * GAP]
    assert offer(NOW + GAP / 2) == []
    assert offer(NOW + GAP) == [second.pk]
    gone(second)
    assert offer(NOW + 2 * GAP) == [third.pk]


def test_turn_once_given_is_kept_when_no_worker_comes_for_it_in_time(account, offer):
    first, second, third = post_at(account, -300), post_at(account, -200), post_at(account, -100)
    offer()
    gone(first)
    later = NOW + timedelta(minutes=1)
    assert offer(later) == [second.pk, third.pk]


def test_accounts_of_a_backlog_do_not_wait_for_each_other(account, offer):
    other = an_account(account.workspace, platform="fake")
    mine, theirs = post_at(account, -300), post_at(other, -100)
    for number in range(5):
        post_at(account, -200 + number)
    assert offer() == [mine.pk, theirs.pk]


def test_rows_found_later_stand_behind_those_that_have_their_turn(account, offer, monkeypatch):
    monkeypatch.setattr(overdue, "AT_ONCE", 2)
    rows = [post_at(account, -300 + number) for number in range(4)]
    offer()
    offer(NOW)
    assert due_of(*rows[1:]) == [NOW + GAP, NOW + 2 * GAP, NOW + 3 * GAP]


def test_backlog_without_room_keeps_its_place(account, offer, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    rows = [post_at(an_account(account.workspace, platform="fake"), -300 + number) for number in range(4)]
    assert offer() == [row.pk for row in rows[:2]]
    assert due_of(*rows[2:]) == [row.due_at for row in rows[2:]]
    assert Budget.objects.count() == 2


def test_gap_of_nothing_lets_a_backlog_go_as_fast_as_it_can(account, offer, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"catch_up_gap": 0}
    rows = [post_at(account, -300 + number) for number in range(3)]
    assert offer() == [row.pk for row in rows]


def test_rows_of_a_full_account_do_not_stand_in_the_way(account, offer, monkeypatch):
    monkeypatch.setattr(overdue, "AT_ONCE", 2)
    other = an_account(account.workspace, platform="fake")
    for number in range(5):
        post_at(account, -300 + number)
    free = post_at(other, -100)
    monkeypatch.setattr(seats, "full_accounts", lambda: [account.pk])
    assert offer() == [free.pk]


@pytest.mark.parametrize(("late", "is_missed"), [(3599, False), (3601, True)])
def test_late_policy_of_the_workspace_counts(account, offer, late, is_missed):
    row = post_at(account, -late)
    assert offer() == ([] if is_missed else [row.pk])
    assert (Delivery.objects.get().status == Status.MISSED) is is_missed


def test_late_policy_of_the_post_stands_over_the_workspace(account, offer):
    patient, strict = post_at(account, -7200), post_at(account, -100)
    Post.objects.filter(deliveries=patient).update(late_minutes=180)
    Post.objects.filter(deliveries=strict).update(late_minutes=1)
    assert offer() == [patient.pk]
    assert Delivery.objects.get(pk=strict.pk).status == Status.MISSED


def test_post_of_a_few_seconds_is_never_missed(account, offer):
    Workspace.objects.update(late_minutes=0)
    row = post_at(account, -4)
    assert offer() == [row.pk]


def test_turn_that_would_come_too_late_is_missed_at_once(account, offer):
    first, second = post_at(account, -120), post_at(account, -59)
    Workspace.objects.update(late_minutes=2)
    Post.objects.filter(deliveries=second).update(late_minutes=1)
    assert offer() == [first.pk]
    assert Delivery.objects.get(pk=second.pk).status == Status.MISSED


def test_rate_limit_waiting_does_not_count_as_late(account, offer):
    row = post_at(account, -7200)
    Account.objects.update(waits_until=NOW - timedelta(seconds=10))
    Delivery.objects.update(due_at=NOW - timedelta(seconds=10))
    assert offer() == [row.pk]


def test_turn_that_nobody_took_counts_from_the_promise(account, offer):
    row = post_at(account, -7200)
    Delivery.objects.update(due_at=NOW - timedelta(minutes=10))
    assert offer() == []
    assert Delivery.objects.get(pk=row.pk).status == Status.MISSED


def test_what_may_be_out_already_is_offered_however_late(account, offer):
    row = post_at(account, -72000, status=Status.RETRYING)
    Attempt.objects.create(delivery=row, number=1, marked_at=NOW, outcome=Attempt.Outcome.UNCONFIRMED)
    assert offer() == [row.pk]


def test_row_that_was_moved_meanwhile_is_not_missed(account, monkeypatch):
    row = post_at(account, -7200)
    judge = overdue._judge

    def slow(rows, now, room):
        Delivery.objects.filter(pk=row.pk).update(due_at=NOW + timedelta(hours=1), version=2)
        return judge(rows, now, room)

    monkeypatch.setattr(overdue, "_judge", slow)
    overdue.work_off(NOW, offers.MACHINE, 9, [])
    assert Delivery.objects.get().status == Status.SCHEDULED


def test_few_missed_ones_have_a_notice_each(account, offer):
    for number in range(3):
        post_at(account, -7200 - number)
    offer()
    assert set(Notice.objects.values_list("kind", flat=True)) == {Notice.Kind.MISSED}
    assert Notice.objects.count() == 3


def test_many_missed_ones_have_one_digest(account, offer):
    for number in range(4):
        post_at(account, -7200 - number)
    for number in range(2):
        post_at(account, -600 - number)
    offer()
    notice = Notice.objects.get()
    assert notice.kind == Notice.Kind.DIGEST
    assert "2 go out late, 4 were missed." in notice.body


def test_skipped_one_is_told_in_a_digest_and_asks_nothing(account, offer):
    Workspace.objects.update(late_then=LateThen.SKIP)
    post_at(account, -7200)
    offer()
    notice = Notice.objects.get()
    assert (notice.kind, "1 was skipped." in notice.body, "asks" in notice.body) == (Notice.Kind.DIGEST, True, False)
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.is_skipped) == (Status.MISSED, True)


def test_skipped_one_stays_so_when_the_policy_changes(account, offer):
    Workspace.objects.update(late_then=LateThen.SKIP)
    post_at(account, -7200)
    offer()
    Workspace.objects.update(late_then=LateThen.ASK)
    assert Delivery.objects.get().tab == Tab.CANCELED


def test_batches_of_one_outage_are_one_digest(account, offer, monkeypatch):
    monkeypatch.setattr(overdue, "AT_ONCE", 5)
    for number in range(12):
        post_at(account, -7200 - number)
    for seconds in range(3):
        offer(NOW + timedelta(seconds=seconds))
    notice = Notice.objects.get()
    assert "12 were missed." in notice.body
    assert notice.created_at == NOW + timedelta(seconds=2)


def test_working_off_what_goes_out_late_for_long_is_the_same_outage(account, offer):
    for number in range(4):
        post_at(account, -7200 - number)
    minutes = [timedelta(minutes=number) for number in range(4)]
    for passed in minutes:
        for number in range(4):
            post_at(an_account(account.workspace, platform="fake"), passed.total_seconds() - 600 - number)
        offer(NOW + passed)
    notice = Notice.objects.get()
    assert notice.created_at == NOW + minutes[-1]


def test_each_workspace_has_a_digest_of_its_own(account, offer):
    other = an_account(a_workspace(), platform="fake")
    for number in range(4):
        post_at(account, -7200 - number)
        post_at(other, -7200 - number)
    offer()
    assert Notice.objects.values("workspace").distinct().count() == 2
    assert Notice.objects.count() == 2


def test_another_outage_is_another_digest(account, offer):
    for number in range(4):
        post_at(account, -7200 - number)
    offer()
    later = NOW + 2 * digests.ONE_OUTAGE
    for number in range(4):
        post_at(account, -7200 - number)
    offer(later)
    assert [notice.title.split()[0] for notice in Notice.objects.all()] == ["4", "4"]


def test_missed_and_told_is_one_commit(account, monkeypatch):
    for number in range(4):
        post_at(account, -7200 - number)
    monkeypatch.setattr(digests, "after_outage", lambda *_: 1 / 0)
    overdue.work_off(NOW, offers.MACHINE, 9, [])
    assert set(Delivery.objects.values_list("status", flat=True)) == {Status.SCHEDULED}


def test_missing_a_backlog_costs_few_statements_and_lets_a_fresh_one_through(
    account, offer, django_assert_max_num_queries
):
    at = NOW - timedelta(hours=3)
    posts = Post.objects.bulk_create(Post(workspace=account.workspace, scheduled_for=at) for _ in range(1000))
    Delivery.objects.bulk_create(
        Delivery(
            workspace=account.workspace, post=post, account=account, status="scheduled", scheduled_for=at, due_at=at
        )
        for post in posts
    )
    fresh = post_at(account, -1)
    with django_assert_max_num_queries(30):
        assert offer() == [fresh.pk]
    assert Delivery.objects.filter(status=Status.MISSED).count() == overdue.FEWEST


def test_queue_that_was_lost_takes_no_turn_away(account, offer):
    first, second = post_at(account, -300), post_at(account, -200)
    offer()
    gone(first)
    recover.forget_offers(NOW + GAP)
    assert due_of(second) == [NOW + GAP]
    assert offer(NOW + GAP + timedelta(seconds=6)) == [second.pk]


@pytest.mark.django_db(transaction=True)
def test_workers_share_a_backlog_and_tell_of_it_once(account, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 64}
    for number in range(60):
        post_at(account, -7200 - number)
        post_at(account, -60 - number)
    offered = []

    def work():
        while found := overdue.work_off(NOW, offers.MACHINE, 5, []).handled:
            offered.append(found)

    at_once(work)

    assert Delivery.objects.filter(status=Status.MISSED).count() == 60
    turns = list(
        Delivery.objects.filter(status=Status.SCHEDULED, due_at__gte=NOW)
        .order_by("due_at")
        .values_list("due_at", flat=True)
    )
    assert turns == [NOW + number * GAP for number in range(1, 60)]
    assert sum(offered) == 120
    notice = Notice.objects.get()
    assert "59 go out late" in notice.body or "60 go out late" in notice.body
    assert "60 were missed" in notice.body


@pytest.mark.django_db(transaction=True)
def test_workers_that_give_up_a_backlog_together_begin_one_digest(account):
    for number in range(200):
        post_at(account, -7200 - number)

    def work():
        while overdue.work_off(NOW, offers.MACHINE, 5, []).handled:
            pass

    at_once(work)

    assert [notice.kind for notice in Notice.objects.all()] == [Notice.Kind.DIGEST]
    assert "200 were missed" in Notice.objects.get().body


def test_batch_of_a_worker_whose_tick_was_a_moment_earlier_counts_too(account, offer, monkeypatch):
    monkeypatch.setattr(overdue, "AT_ONCE", 4)
    for number in range(8):
        post_at(account, -7200 - number)
    offer(NOW)
    offer(NOW - timedelta(milliseconds=50))
    assert "8 were missed" in Notice.objects.get().body


@pytest.mark.parametrize("late", [timedelta(hours=2), timedelta(minutes=1)])
def test_message_that_comes_after_the_late_policy_sends_nothing(account, fake, late):
    at = clock.now() - late
    row = a_post(account.workspace, account, scheduled_for=at).deliveries.get()
    Delivery.objects.update(queued_at=at)
    deliver.deliver(row.pk)
    is_too_late = late > timedelta(hours=1)
    assert len(fake.calls) == (0 if is_too_late else 1)
    offers.offer_due(clock.now(), list)
    assert Delivery.objects.get().status == (Status.MISSED if is_too_late else Status.PUBLISHED)


def test_message_for_what_may_be_out_already_is_heard_however_late(account, fake):
    at = clock.now() - timedelta(hours=2)
    row = a_post(account.workspace, account, scheduled_for=at, status=Status.RETRYING).deliveries.get()
    Attempt.objects.create(delivery=row, number=1, marked_at=at, outcome=Attempt.Outcome.UNCONFIRMED)
    Delivery.objects.update(marked_at=at)
    deliver.deliver(row.pk)
    assert Delivery.objects.get().status == Status.PUBLISHED


def test_row_that_the_database_refuses_does_not_keep_the_others_waiting(account, offer, monkeypatch):
    broken, other = post_at(account, -7300), post_at(an_account(account.workspace, platform="fake"), -300)
    write = overdue._write

    def refuse(found, now):
        if broken.pk in {row.pk for row in found.missed}:
            raise DataError("out of range")
        write(found, now)

    monkeypatch.setattr(overdue, "_write", refuse)
    assert offer() == [other.pk]
