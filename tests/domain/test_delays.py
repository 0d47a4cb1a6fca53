"""Each cause of a delay by itself, from what was written down."""

from datetime import timedelta

import pytest

from scheduler_ui.domain import delays
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.delays import Facts
from scheduler_ui.models import Account, Attempt, Delivery, Event, Hold
from tests.factories import NOW

LOOKUP, PREPARE = Attempt.Kind.LOOKUP, Attempt.Kind.PREPARE
ACCOUNT = Account(platform="rehearsal", name="Harbor")


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def a_try(seconds, outcome="published", **fields):
    """A send that was due and began so many seconds after the promise."""
    times = {"due_at": at(seconds), "marked_at": at(seconds) - timedelta(seconds=0.1), "sent_at": at(seconds)}
    return Attempt(outcome=outcome, **times | {"worker_since": at(-9000)} | fields)


def facts(*attempts, events=(), crowd=1, **fields):
    sent_at = attempts[-1].sent_at if attempts else at(300)
    delivery = Delivery(account=ACCOUNT, scheduled_for=NOW, created_at=at(-9000), sent_at=sent_at)
    for name, value in fields.items():
        setattr(delivery, name, value)
    return Facts(delivery, attempts, events, crowd, Clock("Europe/Berlin"))


def busy(seconds, next_at, **fields):
    return a_try(seconds, "unavailable", answer="429 Too Many Requests", next_at=at(next_at), **fields)


def refused(seconds, **fields):
    return a_try(seconds, "unavailable", error="No connection.", **fields)


def test_its_own_429():
    told = delays.why(facts(busy(0, 40), a_try(40)))
    assert told == "Rehearsal asked to slow down, so the account waited until 09:00:40."


def test_tries_that_had_not_gone_out():
    assert delays.why(facts(refused(0), refused(300), a_try(900))) == "No connection. It went out at try 3."


def test_try_that_ended_before_it_was_sent():
    prepared = refused(0, kind=PREPARE, sent_at=None)
    assert delays.why(facts(prepared, a_try(300))) == "No connection. It went out at try 2."


def test_429_between_tries_counts_as_none():
    assert delays.why(facts(busy(0, 30), refused(30), a_try(330))) == "No connection. It went out at try 2."


def test_answer_that_was_lost_and_looked_for():
    lost = a_try(0, "unconfirmed", error="The connection closed.")
    look = a_try(10, "absent", kind=LOOKUP)
    told = delays.why(facts(lost, look, a_try(40)))
    assert told == "The connection closed. It was not there, so it was sent again."


def test_answer_that_was_lost_where_nobody_looked():
    lost = a_try(0, "unconfirmed")
    assert delays.why(facts(lost, a_try(30))) == "The answer was lost. It was sent again."


def test_answer_that_was_lost_and_a_person_who_looked():
    lost = a_try(0, "unconfirmed", error="The connection closed.")
    said = Event(kind="absent", at=at(3600), data={})
    assert delays.why(facts(lost, a_try(3601), events=[said])) == (
        "The connection closed. Somebody looked, said at 10:00 that it was not there, and it was sent again."
    )


def test_trash():
    taken_out = Event(kind="restored", at=at(600), data={})
    assert delays.why(facts(a_try(601), events=[taken_out])) == "It was in the trash until 09:10."


@pytest.mark.parametrize("seconds", [-60, 700])
def test_what_happened_before_its_time_or_after_it_was_sent_did_not_delay_it(seconds):
    assert delays.decided(facts(a_try(601), events=[Event(kind="restored", at=at(seconds), data={})])) == ""


@pytest.mark.parametrize(
    ("hold", "told"),
    [
        (Hold.PAUSED, "It was paused until 09:20."),
        (Hold.RECONNECT, "The account had to be connected again, which was done by 09:20."),
        (Hold.BRAKE, "The runaway brake held it until somebody let it go on, by 09:20."),
        (Hold.REPEAT, "It was held as a repeat until somebody let it go on, by 09:20."),
        (Hold.RESTORED, "It was held after the database had been restored, until 09:20."),
        (Hold.DELETED, "It was in the trash until 09:20."),
    ],
)
def test_hold(hold, told):
    assert delays.why(facts(a_try(1200), held_for=hold)) == told


def test_every_hold_has_its_sentence():
    assert [hold for hold in Hold if hold and not delays.held(facts(a_try(9), held_for=hold))] == []


def test_worker_that_started_after_its_time():
    told = delays.why(facts(a_try(781, due_at=NOW, worker_since=at(780))))
    assert told == "No worker took it until one started at 09:13."


def test_backlog_that_a_new_worker_sends_in_turn():
    told = delays.why(facts(a_try(800, worker_since=at(780))))
    assert told == "No worker took it until one started at 09:13. What was overdue then went out in turn."


def test_worker_that_had_been_there():
    assert delays.unattended(facts(a_try(5, worker_since=at(-1)))) == ""


def test_saved_after_its_time():
    assert delays.why(facts(a_try(65, due_at=NOW), created_at=at(60))) == "It was saved after its time, at 09:01."


def test_turn_of_its_account():
    told = delays.why(facts(a_try(40)))
    assert told == "Harbor takes only so many at a time; its turn came at 09:00:40."


def test_many_in_one_second():
    assert delays.why(facts(a_try(3, due_at=NOW), crowd=31)) == "31 posts were due in this second."


def test_workers_that_were_busy():
    told = delays.why(facts(a_try(3, due_at=NOW, marked_at=at(2))))
    assert told == "The workers were busy or the machine asleep until 09:00:02."


def test_held_up_between_the_claim_and_the_send():
    told = delays.why(facts(a_try(4, due_at=NOW, marked_at=NOW)))
    assert told == "A worker had taken it in time and was held up before it could send."


def test_without_any_trace_it_says_so():
    assert delays.why(facts()) == "Nothing was written down that tells why."


def test_attempt_that_went_out_is_the_one_that_left_then():
    sent, late_look = a_try(40), a_try(50, "absent", kind=LOOKUP)
    told = facts(busy(0, 40), sent, late_look)
    told.delivery.sent_at = sent.sent_at
    assert (told.send, len(told.before)) == (sent, 1)
