"""What people do to an account or a post while the machine is at work on it."""

import pytest

from scheduler_ui.domain import accounts, deliveries
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import clock, deliver, ledger
from scheduler_ui.models import Account, Delivery, Hold, Notice, Status
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import Unavailable, Unconfirmed
from tests.factories import a_user

pytestmark = pytest.mark.django_db


def asked(due, fake, again):
    fake.reset(Kind.BLIND)
    fake.script = {"publish": [Unconfirmed("No answer.")] * 2}
    deliver.deliver(due.pk)
    return again(due)


def test_not_there_on_a_paused_account_waits(due, fake, again):
    row = asked(due, fake, again)
    accounts.pause(row.account)

    deliveries.confirm_absent(row, actor=a_user(), now=clock.now())
    deliver.deliver(row.pk)

    assert (again(row).status, again(row).hold_reason) == (Status.RETRYING, Hold.PAUSED)
    assert len(fake.calls) == 1


def test_not_there_on_a_disconnected_account_is_refused(due, fake, again):
    row = asked(due, fake, again)
    accounts.disconnect(row.account, a_user(), clock.now())
    with pytest.raises(Refused):
        deliveries.confirm_absent(again(row), actor=a_user(), now=clock.now())


def test_second_lost_answer_is_told_again(due, fake, again):
    row = asked(due, fake, again)
    deliveries.confirm_absent(row, actor=a_user(), now=clock.now())
    deliver.deliver(row.pk)
    assert (again(row).status, Notice.objects.filter(kind=Notice.Kind.ASKED).count()) == (Status.UNCONFIRMED, 2)


def test_retry_with_a_stale_account_does_not_reach_a_disconnected_one(due, fake, again):
    Delivery.objects.update(status=Status.FAILED, due_at=None)
    stale = again(due)
    accounts.disconnect(again(due).account, a_user(), clock.now())

    deliveries.retry(stale, actor=a_user(), now=clock.now())

    assert again(due).hold_reason == Hold.RECONNECT


def test_hold_that_was_overwritten_still_counts_at_the_send(due, fake, again):
    Account.objects.update(is_paused=True)
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason, fake.calls) == (Status.SCHEDULED, Hold.PAUSED, [])


def test_send_of_an_account_disconnected_meanwhile_is_not_tried_again(due, fake, again):
    def disconnected():
        accounts.disconnect(due.account, a_user(), clock.now())
        return Unavailable("No connection.")

    fake.script = {"publish": [disconnected]}
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).due_at) == (Status.FAILED, None)


def test_pause_that_was_lifted_after_it_was_read_holds_nothing(due, fake, again, monkeypatch):
    Account.objects.update(is_paused=True)
    held = deliver.hold_for

    def read_then_resumed(account, post):
        hold = held(account, post)
        accounts.resume(Account.objects.get())
        return hold

    monkeypatch.setattr(deliver, "hold_for", read_then_resumed)
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason) == (Status.PUBLISHED, Hold.NONE)


def test_pause_that_was_lifted_before_the_answer_is_saved_does_not_hold_the_next_try(due, fake, again, monkeypatch):
    save = ledger.write

    def resumed_then_saved(work, *rows):
        accounts.resume(Account.objects.get())
        return save(work, *rows)

    def paused():
        Account.objects.update(is_paused=True)
        monkeypatch.setattr(ledger, "write", resumed_then_saved)
        return Unavailable("No connection.")

    fake.script = {"publish": [paused]}
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason) == (Status.RETRYING, Hold.NONE)
