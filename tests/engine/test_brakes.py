"""The runaway brake: a cap per account and hour, and the same post to the same account within a day."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from scheduler_ui.domain import brakes
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import beats, clock, deliver, offers
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Account, Delivery, Event, Hold, Media, Notice, PostMedia, Status
from scheduler_ui.platforms.feed import Feed
from scheduler_ui.platforms.outcomes import Rejected, Unavailable
from tests.factories import a_delivery, a_post, a_user, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def low_cap(settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 3}


def post_now(account, text, **fields):
    at = fields.pop("at", clock.now() - timedelta(milliseconds=5))
    return a_post(account.workspace, account, text=text, scheduled_for=at, **fields).deliveries.get()


def send(*rows):
    for row in rows:
        deliver.deliver(row.pk)
    return [Delivery.objects.get(pk=row.pk).hold_reason or Delivery.objects.get(pk=row.pk).status for row in rows]


def many(account, number):
    return [post_now(account, f"Roast {number}") for number in range(number)]


def test_account_sends_up_to_its_cap_and_no_more(account, fake):
    assert send(*many(account, 5)) == [Status.PUBLISHED] * 3 + [Hold.BRAKE] * 2
    assert len(fake.calls) == 3


def test_held_by_the_brake_is_told_once_an_hour(account):
    send(*many(account, 5))
    notice = Notice.objects.get()
    assert (notice.kind, notice.account) == (Notice.Kind.HELD, account)
    assert "3 went out" in notice.body


def test_brake_lets_go_after_an_hour(account):
    send(*many(account, 3))
    Delivery.objects.update(marked_at=clock.now() - timedelta(minutes=61))
    assert send(post_now(account, "An hour later")) == [Status.PUBLISHED]


def test_cap_of_the_account_stands_over_the_setting(account):
    Account.objects.update(hourly_cap=1)
    assert send(*many(account, 2)) == [Status.PUBLISHED, Hold.BRAKE]
    Account.objects.update(hourly_cap=0)
    assert send(*[post_now(account, f"No brake {number}") for number in range(4)]) == [Status.PUBLISHED] * 4


def test_cap_counts_each_account_by_itself(account):
    other = an_account(account.workspace, platform="fake")
    send(*many(account, 3))
    assert send(post_now(other, "Elsewhere")) == [Status.PUBLISHED]


def test_retry_is_neither_counted_nor_a_repeat(account, fake, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 1, "retry_delays": (0, 0)}
    fake.script = {"publish": [Unavailable("No connection.")] * 2}
    row = post_now(account, "Again and again")
    assert [send(row), send(row), send(row)] == [[Status.RETRYING], [Status.RETRYING], [Status.PUBLISHED]]


def test_same_text_to_the_same_account_is_held(account, fake):
    first, second = post_now(account, "Winter roast"), post_now(account, "  Winter \n roast ")
    assert send(first, second) == [Status.PUBLISHED, Hold.REPEAT]
    assert len(fake.calls) == 1
    assert Notice.objects.get().delivery == second


def test_same_text_to_another_account_goes_out(account):
    other = an_account(account.workspace, platform="fake")
    assert send(post_now(account, "Winter roast"), post_now(other, "Winter roast")) == [Status.PUBLISHED] * 2


def test_same_text_under_another_picture_goes_out(account):
    rows = [post_now(account, "Photo of the day") for _ in range(3)]
    media = [Media.objects.create(workspace=account.workspace, kind="image", bytes=1, name="a") for _ in range(2)]
    for row, one in zip(rows, [*media, media[1]], strict=True):
        PostMedia.objects.create(post=row.post, media=one, position=0)
    assert send(*rows) == [Status.PUBLISHED, Status.PUBLISHED, Hold.REPEAT]


def test_own_text_of_an_account_counts(account):
    send(post_now(account, "Winter roast"))
    post = a_post(account.workspace, text="Another one", scheduled_for=clock.now())
    assert send(a_delivery(post, account, text="Winter roast")) == [Hold.REPEAT]


def test_same_text_every_day_is_no_runaway_even_when_the_clocks_go_forward(account):
    now = clock.now()
    first = post_now(account, "Good morning", at=now)
    assert send(first) == [Status.PUBLISHED]
    ago = now - timedelta(hours=23)
    Delivery.objects.filter(pk=first.pk).update(scheduled_for=ago, marked_at=ago + timedelta(seconds=2))
    assert send(post_now(account, "Good morning", at=now)) == [Status.PUBLISHED]


def test_same_text_half_a_day_later_is_held(account):
    now = clock.now()
    first = post_now(account, "Good morning", at=now)
    assert send(first) == [Status.PUBLISHED]
    ago = now - timedelta(hours=12)
    Delivery.objects.filter(pk=first.pk).update(scheduled_for=ago, marked_at=ago)
    assert send(post_now(account, "Good morning", at=now)) == [Hold.REPEAT]


def test_text_that_was_refused_may_be_tried_in_another_post(account, fake):
    fake.script = {"publish": [Rejected("Not today.")]}
    assert send(post_now(account, "Try me"), post_now(account, "Try me")) == [Status.FAILED, Status.PUBLISHED]


def test_feed_has_no_brake(account, fake, monkeypatch):
    monkeypatch.setattr(fake, "has_brake", Feed.has_brake)
    assert send(*many(account, 5)) == [Status.PUBLISHED] * 5


def test_waived_delivery_goes_out_and_says_who_let_it(account):
    person = a_user()
    row = post_now(account, "Winter roast")
    send(post_now(account, "Winter roast"), row)
    row.refresh_from_db()

    brakes.waive_brake(row, person, clock.now())

    assert (row.hold_reason, row.is_brake_waived, row.queued_at) == (Hold.NONE, True, None)
    assert (Event.objects.get().kind, Event.objects.get().actor) == ("unbraked", person)
    assert send(row) == [Status.PUBLISHED]


def test_waived_delivery_of_a_paused_account_waits(account):
    row = post_now(account, "Winter roast")
    send(post_now(account, "Winter roast"), row)
    Account.objects.update(is_paused=True)
    brakes.waive_brake(row, a_user(), clock.now())
    assert row.hold_reason == Hold.PAUSED


def test_waived_delivery_that_is_too_late_is_missed(account):
    row = post_now(account, "Winter roast")
    send(post_now(account, "Winter roast"), row)
    Delivery.objects.filter(pk=row.pk).update(
        due_at=clock.now() - timedelta(hours=3), scheduled_for=clock.now() - timedelta(hours=3)
    )
    brakes.waive_brake(row, a_user(), clock.now())
    offers.offer_due(clock.now(), lambda _offered: None)
    assert Delivery.objects.get(pk=row.pk).status == Status.MISSED


def test_waiving_what_is_not_held_is_refused(account):
    row = post_now(account, "Winter roast")
    with pytest.raises(Refused):
        brakes.waive_brake(row, a_user(), clock.now())


def test_claim_pays_little_for_the_brake(account, settings, monkeypatch):
    monkeypatch.setattr(beats, "_threads_alive", 1)
    send(post_now(account, "The first knows nothing yet"))
    braked = statements(post_now(account, "Winter roast"))
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 0, "repeat_span": 0}
    # The look. On PostgreSQL it is part of the claim's one statement.
    assert braked == statements(post_now(account, "Without")) + (0 if connection.vendor == "postgresql" else 1)


def statements(row):
    with CaptureQueriesContext(connection) as captured:
        deliver.deliver(row.pk)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_workers_together_keep_to_the_cap_and_send_a_text_once(account, fake, settings, monkeypatch):
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 5, "threads": 64}
    monkeypatch.setattr(beats, "_threads_alive", 64)
    seats.forget()
    same = [post_now(account, "Winter roast") for _ in range(4)]
    rows = [*same, *many(account, 12)]
    deliver_at_once(rows)
    assert len(fake.calls) == 5
    assert [text for _, (text, _key) in fake.calls].count("Winter roast") <= 1
    assert Delivery.objects.filter(hold_reason__in=brakes.BRAKES).count() == len(rows) - 5


@pytest.mark.django_db(transaction=True)
def test_workers_together_send_a_text_once_far_from_the_cap(account, fake, settings):
    """There the look and the claim are one statement, where there is such a one."""
    settings.PUNCTUAL = settings.PUNCTUAL | {"hourly_cap": 1000, "threads": 64}
    seats.forget()
    rows = [post_now(account, f"Roast {number // 8}") for number in range(32)]
    deliver_at_once(rows)
    assert sorted(text for _, (text, _key) in fake.calls) == [f"Roast {number}" for number in range(4)]
    assert Delivery.objects.filter(hold_reason=Hold.REPEAT).count() == 28


def deliver_at_once(rows):
    barrier = Barrier(len(rows))

    def run(row):
        try:
            barrier.wait()
            deliver.deliver(row.pk)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
