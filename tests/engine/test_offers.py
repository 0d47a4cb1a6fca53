import time
from datetime import timedelta

import pytest

from scheduler_ui.domain import telling
from scheduler_ui.engine import offers, prepare, recover, settle
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Attempt, Delivery, Hold, Installation, Notice, Post, Status
from scheduler_ui.platforms.base import Kind
from tests.factories import NOW, a_post, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken():
    return []


@pytest.fixture
def offer(woken):
    def run(now=NOW, *, keep=False, **options):
        woken.clear()
        if not keep:
            seats.forget()
        offers.offer_due(now, woken.extend, **options)
        return [pk for pk, _ in woken]

    return run


def post_at(account, seconds, **fields):
    return a_post(account.workspace, account, scheduled_for=NOW + timedelta(seconds=seconds), **fields).deliveries.get()


def test_offer_covers_the_look_ahead_and_no_more(account, offer, woken):
    near, _far = post_at(account, 119), post_at(account, 121)
    assert offer() == [near.pk]
    assert woken == [(near.pk, near.due_at - timedelta(milliseconds=200))]


def test_offer_is_not_repeated_until_a_little_past_its_time(account, offer):
    row = post_at(account, 10)
    assert offer() == [row.pk]
    assert offer(NOW + timedelta(seconds=5)) == []
    assert offer(NOW + timedelta(seconds=10.2)) == []
    assert offer(NOW + timedelta(seconds=10.3)) == [row.pk]


def test_offer_of_something_overdue_is_not_repeated_at_once(account, offer):
    row = post_at(account, -1)
    assert offer() == [row.pk]
    assert offer(NOW + timedelta(seconds=0.2)) == []
    assert offer(NOW + timedelta(seconds=0.3)) == [row.pk]


def test_offer_of_an_edited_row_is_made_again(account, offer):
    row = post_at(account, 10)
    offer()
    Delivery.objects.update(queued_at=None, version=2)
    assert offer() == [row.pk]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.RETRYING, Status.PROCESSING, Status.UNCONFIRMED])
def test_offer_serves_every_status_that_the_machine_acts_on(account, offer, status):
    row = post_at(account, -1, status=status)
    Delivery.objects.update(due_at=NOW)
    assert offer() == [row.pk]


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PUBLISHED, Status.FAILED, Status.MISSED, Status.CANCELED])
def test_offer_leaves_what_only_a_person_can_move(account, offer, status):
    post_at(account, -1, status=status)
    assert offer() == []


def test_offer_skips_what_is_held(account, offer):
    post_at(account, 1)
    Delivery.objects.update(hold_reason=Hold.PAUSED)
    assert offer() == []


def test_offer_with_publishing_off_still_finds_out_about_what_was_sent(account, offer):
    Installation.objects.create(pk=1, scheduling_enabled=False)
    post_at(account, 1)
    asked = post_at(account, 1, status=Status.UNCONFIRMED)
    Delivery.objects.filter(pk=asked.pk).update(due_at=NOW)
    assert offer() == [asked.pk]


def test_offer_of_a_backlog_is_bounded_and_fresh_rows_go_first(account, offer, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 3}
    old = [post_at(an_account(account.workspace, platform="fake"), -100 + number) for number in range(5)]
    fresh = post_at(account, -2)
    assert offer(busy=2) == [fresh.pk, *[row.pk for row in old[:3]]]


def test_offers_out_are_counted_until_they_are_taken(account, offer, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    rows = [post_at(account, number - 4) for number in range(4)]
    out = offer()
    seats.taken(out[0])
    assert (len(out), offer(keep=True)) == (2, [rows[2].pk])


def test_worker_with_all_threads_busy_offers_as_much_again_and_no_more(account, offer, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 2}
    rows = [post_at(account, -1) for _ in range(3)]
    post_at(account, -100)
    assert offer(busy=2) == [row.pk for row in rows[:2]]


def test_burst_of_a_thousand_is_offered_in_a_tenth_of_a_second(account, offer):
    at = NOW + timedelta(seconds=5)
    posts = Post.objects.bulk_create(Post(workspace=account.workspace, scheduled_for=at) for _ in range(1000))
    Delivery.objects.bulk_create(
        Delivery(
            workspace=account.workspace, post=post, account=account, status="scheduled", scheduled_for=at, due_at=at
        )
        for post in posts
    )
    began = time.process_time()
    assert len(offer()) == 1000
    assert time.process_time() - began < 0.1


def test_delivery_too_late_is_missed_with_a_notice(account, offer):
    post_at(account, -3601)
    assert offer() == []
    assert Delivery.objects.get().status == Status.MISSED
    assert Notice.objects.get().kind == Notice.Kind.MISSED


def test_delivery_late_within_the_policy_goes_out(account, offer):
    row = post_at(account, -3599)
    assert offer() == [row.pk]


def test_retry_own_waiting_does_not_count_as_late(account, offer):
    row = post_at(account, -7200, status=Status.RETRYING)
    Delivery.objects.update(due_at=NOW - timedelta(seconds=1))
    assert offer() == [row.pk]


def test_lapsed_lease_is_always_unconfirmed(account, fake):
    row = post_at(account, -40, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    Attempt.objects.create(delivery=row, number=1, token=row.token, marked_at=row.scheduled_for)

    assert recover.recover_lapsed(NOW) == 1

    row = Delivery.objects.get()
    assert (row.status, row.token, row.due_at) == (Status.UNCONFIRMED, "", NOW)
    assert Attempt.objects.get().outcome == Attempt.Outcome.UNCONFIRMED


def test_lapsed_lease_was_sent_in_its_own_claim_and_not_at_an_earlier_try(account, fake):
    row = post_at(account, -400, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW, sent_at=row.scheduled_for)
    marked_at = NOW - timedelta(seconds=31)
    Attempt.objects.create(delivery=row, number=2, token=row.token, marked_at=marked_at)
    recover.recover_lapsed(NOW)
    assert (Delivery.objects.get().sent_at, Attempt.objects.get().sent_at) == (marked_at, marked_at)


def test_lapsed_lease_was_not_sent_before_its_time(account, fake):
    row = post_at(account, -40, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    Attempt.objects.create(
        delivery=row, number=1, token=row.token, marked_at=row.scheduled_for - timedelta(seconds=0.1)
    )
    recover.recover_lapsed(NOW)
    assert Delivery.objects.get().sent_at == row.scheduled_for


def test_lapsed_lease_on_a_blind_platform_asks(account, fake):
    fake.reset(Kind.BLIND)
    row = post_at(account, -40, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    Attempt.objects.create(delivery=row, number=1, token=row.token, marked_at=row.scheduled_for)
    recover.recover_lapsed(NOW)
    assert (Delivery.objects.get().due_at, Notice.objects.get().kind) == (None, Notice.Kind.ASKED)


def test_lapsed_lease_of_which_no_attempt_is_known_is_unconfirmed_too(account, fake):
    post_at(account, -40, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    assert recover.recover_lapsed(NOW) == 1
    assert Delivery.objects.get().status == Status.UNCONFIRMED


def test_row_that_cannot_be_recovered_keeps_no_other_from_it(account, fake, monkeypatch):
    first, second = (post_at(account, -40, status=Status.PUBLISHING) for _ in range(2))
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    unconfirmed = settle.unconfirmed

    def broken(delivery, now, sentence):
        if delivery.pk == first.pk:
            raise ValueError("poison")
        return unconfirmed(delivery, now, sentence)

    monkeypatch.setattr(settle, "unconfirmed", broken)
    assert recover.recover_lapsed(NOW) == 1
    assert Delivery.objects.get(pk=second.pk).status == Status.UNCONFIRMED


def test_row_that_cannot_be_offered_keeps_no_other_waiting(account, offer, monkeypatch):
    poison, healthy = post_at(account, -4000), post_at(account, 1)
    monkeypatch.setattr(telling, "tell", lambda *_: 1 / 0)
    assert offer() == [healthy.pk]
    assert Delivery.objects.get(pk=poison.pk).status == Status.SCHEDULED


def test_what_may_be_out_already_is_not_missed(account, offer):
    row = post_at(account, -7200, status=Status.RETRYING)
    Attempt.objects.create(delivery=row, number=1, marked_at=NOW, outcome=Attempt.Outcome.UNCONFIRMED)
    assert offer() == [row.pk]


def test_preparing_early_leaves_a_claim_alone(account, fake):
    row = post_at(account, -40, status=Status.PUBLISHING)
    Delivery.objects.update(lease_until=NOW, due_at=NOW)
    prepare.prepare_early(row.pk)
    assert Delivery.objects.get().token == row.token


def test_lease_that_still_runs_is_left_alone(account):
    row = post_at(account, -1, status=Status.PUBLISHING)
    assert recover.recover_lapsed(NOW) == 0
    assert Delivery.objects.get(pk=row.pk).status == Status.PUBLISHING


@pytest.mark.parametrize(("seconds", "is_work"), [(-1, True), (119.5, True), (120.5, False)])
def test_work_is_seen_within_the_look_ahead(account, seconds, is_work):
    post_at(account, seconds)
    assert offers.has_work(NOW) is is_work


def test_work_that_is_offered_or_held_is_none(account, offer):
    post_at(account, 10)
    offer()
    assert offers.has_work(NOW) is False
    assert offers.has_work(NOW + timedelta(seconds=12.1)) is True
    Delivery.objects.update(hold_reason=Hold.PAUSED)
    assert offers.has_work(NOW + timedelta(seconds=12.1)) is False


def test_work_of_a_lease_begins_when_it_lapses(account):
    post_at(account, -1, status=Status.PUBLISHING)
    Delivery.objects.update(due_at=NOW + timedelta(seconds=5))
    assert offers.has_work(NOW) is False
    assert offers.has_work(NOW + timedelta(seconds=5)) is True


def test_offer_costs_the_same_for_one_and_three_rows(account, offer, django_assert_num_queries):
    offer()  # looks at the button, which is then known for a tick
    post_at(account, 600)
    with django_assert_num_queries(3):
        offer()
    for number in (1, 3):
        for _ in range(number):
            post_at(account, 10)
        with django_assert_num_queries(4):
            offer()
