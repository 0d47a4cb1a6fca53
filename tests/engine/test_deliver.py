"""One path publishes: claim, send at the second, settle once."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler_ui.domain import accounts, platform_tools
from scheduler_ui.engine import beats, claims, clock, deliver, settle
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Account, Attempt, Delivery, Hold, Notice, Status
from scheduler_ui.platforms.base import AccountData, Kind
from scheduler_ui.platforms.outcomes import (
    Accepted,
    Expired,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)
from tests.factories import a_post

pytestmark = pytest.mark.django_db


def test_delivery_that_is_due_is_published_once(due, fake, again):
    deliver.deliver(due.pk)
    deliver.deliver(due.pk)

    row = again(due)
    assert (row.status, row.remote_id, row.due_at, row.token) == (Status.PUBLISHED, f"remote-{row.key}", None, "")
    assert [name for name, _ in fake.calls] == ["publish"]
    attempt = row.attempts.get()
    assert (attempt.outcome, attempt.answer, attempt.key) == (Attempt.Outcome.PUBLISHED, "200", row.key)


def test_delivery_is_never_sent_before_its_second(account, fake, again):
    at = clock.now() + timedelta(milliseconds=300)
    row = a_post(account.workspace, account, scheduled_for=at).deliveries.get()

    deliver.deliver(row.pk)

    assert again(row).sent_at >= at
    assert again(row).sent_at - at < timedelta(milliseconds=100)


def test_delivery_of_a_far_future_is_left_alone(account, fake, again):
    row = a_post(account.workspace, account, scheduled_for=clock.now() + timedelta(minutes=5)).deliveries.get()
    deliver.deliver(row.pk)
    assert (again(row).status, fake.calls) == (Status.SCHEDULED, [])


@pytest.mark.parametrize("hold", [Hold.PAUSED, Hold.RECONNECT, Hold.BRAKE, Hold.DELETED])
def test_delivery_on_hold_is_not_sent(due, fake, again, hold):
    Delivery.objects.update(hold_reason=hold)
    deliver.deliver(due.pk)
    assert (again(due).status, fake.calls) == (Status.SCHEDULED, [])


def test_delivery_with_publishing_switched_off_is_not_sent(due, fake, again, settings):
    settings.SCHEDULING_ENABLED = False
    deliver.deliver(due.pk)
    assert (again(due).status, fake.calls) == (Status.SCHEDULED, [])


def test_claim_of_a_row_edited_since_it_was_read_fails(due, again):
    Delivery.objects.update(version=due.version + 1)
    assert _claim(due) is None
    assert again(due).status == Status.SCHEDULED


def test_claim_of_a_row_held_since_it_was_read_fails(due, again):
    Delivery.objects.update(hold_reason=Hold.PAUSED)
    assert _claim(due) is None
    assert again(due).status == Status.SCHEDULED


def test_claim_is_won_once(due, again):
    other = again(due)
    assert _claim(due) is not None
    assert _claim(other) is None


def test_answer_after_the_lease_went_to_another_is_fenced_off(due, again):
    attempt = _claim(due)
    Delivery.objects.update(token="another")

    is_ours = settle.settle(due, attempt, Published("late"), now=clock.now(), sent_at=clock.now())

    assert is_ours is False
    assert (again(due).status, again(due).remote_id) == (Status.PUBLISHING, "")


def test_answer_that_came_too_late_is_kept_with_its_send(due, again):
    attempt = _claim(due)
    Delivery.objects.update(token="another")
    Attempt.objects.update(outcome=Attempt.Outcome.UNCONFIRMED)
    settle.settle(due, attempt, Published("late", "", "201"), now=clock.now(), sent_at=clock.now())
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.answer, attempt.remote_id) == (Attempt.Outcome.UNCONFIRMED, "201", "late")


def test_attempt_knows_what_it_was_due_for_and_how_long_its_worker_has_been_there(due, again):
    due_at = due.due_at
    attempt = _claim(due)
    attempt.refresh_from_db()
    assert (attempt.due_at, attempt.worker_since) == (due_at, beats.SINCE)


def test_lateness_is_that_of_the_send_that_went_out(due, fake, again):
    fake.script = {"publish": [Unavailable("No connection.")]}
    deliver.deliver(due.pk)
    assert again(due).late_ms is None
    Delivery.objects.update(due_at=clock.now(), scheduled_for=clock.now() - timedelta(minutes=5))
    deliver.deliver(due.pk)
    row = again(due)
    assert 300_000 <= row.late_ms < 302_000
    assert row.late_ms == (row.sent_at - row.scheduled_for) // timedelta(milliseconds=1)


def test_place_of_what_went_out_is_kept_with_its_send(due, again):
    deliver.deliver(due.pk)
    assert again(due).attempts.get().remote_id == again(due).remote_id


def test_worker_stopped_past_its_lease_does_not_send(due, fake, again, monkeypatch):
    monkeypatch.setattr(deliver, "span", lambda name: timedelta(seconds=-30 if name == "lease_extra" else 0))
    deliver.deliver(due.pk)
    assert fake.calls == []
    # Nothing was tried, so nothing is waited for: whoever is awake sends it at once.
    stopped = again(due)
    assert (stopped.status, stopped.due_at, stopped.tries) == (Status.RETRYING, due.due_at, 0)


def test_refusal_fails_and_tells(due, fake, again):
    fake.script = {"publish": [Rejected("Too long by 3.", "400 too long")]}
    deliver.deliver(due.pk)
    row = again(due)
    assert (row.status, row.error, row.due_at) == (Status.FAILED, "Too long by 3.", None)
    assert Notice.objects.get().kind == Notice.Kind.FAILED


def test_unavailable_platform_is_tried_four_times_in_all(due, fake, again, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"retry_delays": (0.001, 0.001, 0.001)}
    fake.script = {"publish": [Unavailable("No connection.")] * 9}
    statuses = []
    for _ in range(6):
        clock.sleep_until(again(due).due_at or clock.now())
        deliver.deliver(due.pk)
        statuses.append(again(due).status)
    assert statuses == [Status.RETRYING] * 3 + [Status.FAILED] * 3
    assert len(fake.calls) == 4


def test_retry_waits_as_long_as_the_table_says(due, fake, again, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"retry_delays": (300, 900, 1800)}
    fake.script = {"publish": [Unavailable("No connection.")]}
    deliver.deliver(due.pk)
    wait = (again(due).due_at - clock.now()).total_seconds()
    assert 0.89 * 300 < wait < 1.11 * 300


def test_retry_of_an_account_paused_meanwhile_is_held(due, fake, again):
    fake.script = {"publish": [lambda: (accounts.pause(due.account) and None) or Unavailable("No connection.")]}
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason) == (Status.RETRYING, Hold.PAUSED)


def test_rate_limit_counts_no_try_and_moves_the_whole_account(due, fake, again):
    other = a_post(due.workspace, due.account, scheduled_for=due.scheduled_for).deliveries.get()
    wait = timedelta(seconds=42)
    fake.script = {"publish": [Unavailable("Too many.", retry_after=wait, is_rate_limit=True)]}

    deliver.deliver(due.pk)

    row = again(due)
    assert (row.status, row.tries) == (Status.RETRYING, 0)
    assert again(other).due_at == row.due_at
    assert Account.objects.get().waits_until == row.due_at
    later = a_post(due.workspace, due.account, scheduled_for=clock.now()).deliveries.get()
    deliver.deliver(later.pk)
    assert (again(later).due_at, len(fake.calls)) == (row.due_at, 1)


def test_lost_sign_in_fails_this_one_and_holds_the_others(due, fake, again):
    other = a_post(due.workspace, due.account, scheduled_for=clock.now() + timedelta(hours=1)).deliveries.get()
    fake.script = {"publish": [Unauthorized("The password was changed.")]}

    deliver.deliver(due.pk)

    assert again(due).status == Status.FAILED
    assert (again(other).status, again(other).hold_reason) == (Status.SCHEDULED, Hold.RECONNECT)
    assert Account.objects.get().state == Account.State.RECONNECT


def test_expired_sign_in_is_refreshed_once_within_the_same_try(due, fake, again, monkeypatch):
    monkeypatch.setattr(accounts, "refresh", lambda account, now: AccountData(account.public_id))
    fake.script = {"publish": [Expired("The session has expired.")]}

    deliver.deliver(due.pk)

    assert [name for name, _ in fake.calls] == ["publish", "publish"]
    assert (again(due).status, again(due).tries, again(due).attempts.count()) == (Status.PUBLISHED, 1, 1)


def test_accepted_post_is_followed_until_public(due, fake, again):
    fake.script = {
        "publish": [Accepted({"id": "7"}, timedelta())],
        "follow": [Accepted({"id": "7"}, timedelta()), Published("public-7", "https://fake.example/7")],
    }
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).handle) == (Status.PROCESSING, {"id": "7"})
    deliver.deliver(due.pk)
    assert again(due).status == Status.PROCESSING
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).remote_id) == (Status.PUBLISHED, "public-7")
    assert [name for name, _ in fake.calls] == ["publish", "follow", "follow"]


def test_platform_that_breaks_in_its_own_code_counts_as_unconfirmed(due, fake, again):
    fake.reset(Kind.BLIND)
    fake.script = {"publish": [ValueError("boom")]}
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).due_at) == (Status.UNCONFIRMED, None)


def test_unconfirmed_on_blind_asks_and_never_sends_again(due, fake, again):
    fake.reset(Kind.BLIND)
    fake.script = {"publish": [Unconfirmed("No answer.")]}
    deliver.deliver(due.pk)
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).due_at) == (Status.UNCONFIRMED, None)
    assert len(fake.calls) == 1
    assert Notice.objects.get().kind == Notice.Kind.ASKED


def test_unconfirmed_on_blind_counts_as_sent_where_the_account_says_so(due, fake, again):
    fake.reset(Kind.BLIND)
    Account.objects.update(blind_choice=Account.Blind.SENT)
    fake.script = {"publish": [Unconfirmed("No answer.")]}
    deliver.deliver(due.pk)
    assert again(due).status == Status.PUBLISHED


def test_unconfirmed_on_key_is_sent_again_under_the_same_key(due, fake, again):
    fake.script = {"publish": [Unconfirmed("No answer.")]}
    _until_settled(due, again)
    keys = {detail[1] for name, detail in fake.calls if name == "publish"}
    assert (again(due).status, len(keys)) == (Status.PUBLISHED, 1)


def test_unconfirmed_on_lookup_is_found_and_not_sent_again(due, fake, again):
    fake.reset(Kind.LOOKUP)
    fake.script = {"publish": [Unconfirmed("No answer.")], "find": [None, Published("found-it")]}
    _until_settled(due, again)
    assert (again(due).status, again(due).remote_id) == (Status.PUBLISHED, "found-it")
    assert [name for name, _ in fake.calls] == ["publish", "find", "find"]


def test_unconfirmed_on_lookup_asks_after_two_rounds(due, fake, again):
    fake.reset(Kind.LOOKUP)
    fake.script = {"publish": [Unconfirmed("No answer.")] * 5}
    _until_settled(due, again)
    assert [name for name, _ in fake.calls] == ["publish", *["find"] * 3, "publish", *["find"] * 3]
    assert (again(due).status, again(due).due_at) == (Status.UNCONFIRMED, None)


def test_failed_look_up_says_nothing_about_the_post(due, fake, again):
    fake.reset(Kind.LOOKUP)
    fake.script = {"publish": [Unconfirmed("No answer.")], "find": [Unavailable("No connection."), Published("there")]}
    _until_settled(due, again)
    assert [name for name, _ in fake.calls] == ["publish", "find", "find"]


def test_preparation_is_kept_for_the_version_and_reaches_the_payload(due, fake, again):
    fake.script = {"prepare": []}
    deliver.deliver(due.pk)
    assert [name for name, _ in fake.calls] == ["prepare", "publish"]
    assert again(due).prepared == {"version": 1, "results": {"blob": 1}}


def test_mistake_in_freezing_is_a_try_that_sent_nothing(due, fake, again, monkeypatch):
    monkeypatch.setattr(fake, "freeze", lambda *_: 1 / 0)
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).tries, fake.calls) == (Status.RETRYING, 1, [])


def test_look_up_has_a_moment_of_its_own(due, fake, again):
    fake.reset(Kind.LOOKUP)
    fake.script = {"publish": [Unconfirmed("No answer.")], "find": [Published("R1")]}
    _until_settled(due, again)
    send, look = again(due).attempts.order_by("id")
    assert send.sent_at == again(due).sent_at
    assert (look.kind, look.sent_at) == (Attempt.Kind.LOOKUP, None)


def test_two_look_ups_do_not_adopt_one_post(due, fake, again):
    fake.reset(Kind.LOOKUP)
    other = a_post(due.workspace, due.account, scheduled_for=due.scheduled_for).deliveries.get()
    Delivery.objects.filter(pk=other.pk).update(remote_id="R1")
    fake.script = {"publish": [Unconfirmed("No answer.")], "find": [Published("R1"), Published("R2")]}
    _until_settled(due, again)
    assert again(due).remote_id == "R2"


def test_shorter_rate_limit_does_not_shorten_the_account_wait(due, fake, again):
    long = clock.now() + timedelta(hours=1)
    Account.objects.update(waits_until=long)
    settle._move_account(due.account, clock.now() + timedelta(seconds=10))
    assert Account.objects.get().waits_until == long


def test_preparation_that_is_refused_fails_before_anything_is_sent(due, fake, again):
    fake.script = {"prepare": [Rejected("The picture is too large.")]}
    deliver.deliver(due.pk)
    assert ([name for name, _ in fake.calls], again(due).status) == (["prepare"], Status.FAILED)


def _claim(row):
    return claims.claim(row, now=clock.now(), lease=timedelta(seconds=30), key="k", payload={}, worker="w")


def _until_settled(row, again):
    for _ in range(12):
        current = again(row)
        if current.due_at is None:
            return
        clock.sleep_until(current.due_at)
        deliver.deliver(row.pk)


def test_delivery_without_a_seat_is_sent_by_the_thread_that_frees_one(account, fake, again, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    first, second = (
        a_post(account.workspace, account, text=text, scheduled_for=clock.now()).deliveries.get()
        for text in ("One", "Two")
    )

    def meanwhile():
        deliver.deliver(second.pk)
        assert again(second).status == Status.SCHEDULED
        return Published("one")

    fake.script = {"publish": [meanwhile]}
    deliver.deliver(first.pk)

    assert [again(first).status, again(second).status] == [Status.PUBLISHED] * 2


def test_parked_delivery_is_taken_up_although_the_one_before_it_broke(account, fake, again, settings, monkeypatch):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    texts = ("One", "Two", "Three")
    rows = [a_post(account.workspace, account, text=text, scheduled_for=clock.now()).deliveries.get() for text in texts]
    fake.script = {"publish": [lambda: [deliver.deliver(row.pk) for row in rows[1:]] and Published("one")]}
    claim = claims.claim

    def broken(delivery, **how):
        if delivery.pk == rows[1].pk:
            raise ValueError("poison")
        return claim(delivery, **how)

    monkeypatch.setattr(claims, "claim", broken)
    deliver.deliver(rows[0].pk)
    assert [again(row).status for row in rows] == [Status.PUBLISHED, Status.SCHEDULED, Status.PUBLISHED]


def test_delivery_parked_while_its_seat_is_freed_is_not_dropped(account, fake, again, settings, monkeypatch):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    row = a_post(account.workspace, account, scheduled_for=clock.now()).deliveries.get()
    seat = seats.held(0, platform_tools.network_of(account), account.pk)
    act = deliver._deliver

    def parked_then_freed(delivery_id, known):
        act(delivery_id, known)
        monkeypatch.setattr(deliver, "_deliver", act)
        seat.__exit__(None, None, None)
        deliver._take_up_parked()  # as the thread that leaves the seat

    monkeypatch.setattr(deliver, "_deliver", parked_then_freed)
    assert seat.__enter__()
    deliver.deliver(row.pk)
    assert again(row).status == Status.PUBLISHED


@pytest.fixture
def parked(account, fake, settings):
    """A due delivery that has been read and found no seat; the next thread that is done takes it up."""
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    row = a_post(account.workspace, account, scheduled_for=clock.now()).deliveries.get()
    with seats.held(0, platform_tools.network_of(account), account.pk):
        deliver.deliver(row.pk)
    return row


def joined_reads(captured):
    return [query["sql"] for query in captured if "JOIN" in query["sql"] and "scheduler_ui_post" in query["sql"]]


def test_parked_delivery_is_not_read_again_within_moments(parked, again):
    with CaptureQueriesContext(connection) as captured:
        deliver._take_up_parked()
    assert joined_reads(captured.captured_queries) == []
    assert again(parked).status == Status.PUBLISHED


def test_parked_delivery_that_was_read_long_ago_is_read_again(parked, again, settings, monkeypatch):
    steady = time.monotonic
    monkeypatch.setattr(deliver.time, "monotonic", lambda: steady() + 3)
    with CaptureQueriesContext(connection) as captured:
        deliver._take_up_parked()
    assert len(joined_reads(captured.captured_queries)) == 1
    assert again(parked).status == Status.PUBLISHED


def test_parked_delivery_that_has_changed_since_it_was_read_is_left_alone(parked, fake, again):
    Delivery.objects.update(hold_reason=Hold.PAUSED)
    deliver._take_up_parked()
    assert (again(parked).status, fake.calls) == (Status.SCHEDULED, [])
