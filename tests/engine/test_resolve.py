"""Two workers that ask after one delivery at the same moment."""

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection

from scheduler_ui.domain import deliveries
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import claims, clock, resolve
from scheduler_ui.models import Attempt, Delivery, Post, Status
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import Published
from tests.factories import a_delivery, a_post, a_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unclear(due, fake):
    fake.reset(Kind.LOOKUP)
    Delivery.objects.update(status=Status.UNCONFIRMED, key="k1", marked_at=due.due_at)
    return due


def test_worker_that_read_the_row_before_another_has_looked_does_not_look_again(unclear, fake, again):
    first, second = again(unclear), again(unclear)
    resolve.look(first, clock.now())
    resolve.look(second, clock.now())
    assert ([name for name, _ in fake.calls], again(unclear).lookups) == (["find"], 1)


def test_round_of_looking_is_over_after_its_last_delay(unclear, again, settings):
    """Counted one after another, 0, 10 and 30 s would be 40, and what was lost would go out again that much later."""
    settings.PUNCTUAL = settings.PUNCTUAL | {"lookup_delays": (0, 1000, 3000)}
    began = clock.now()
    dues = []
    for _ in range(3):
        Delivery.objects.update(token="", lease_until=None)
        resolve.look(again(unclear), clock.now())
        dues.append(round((again(unclear).due_at - began).total_seconds(), -2))
    assert (dues, again(unclear).status) == ([1000, 2000, 0], Status.RETRYING)


def test_two_attempts_never_take_one_number(unclear, monkeypatch):
    numbered, meeting = claims._next_number, threading.Barrier(2)

    def number_and_wait(delivery, kind):
        number = numbered(delivery, kind)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.3)  # in vain: the other one has to wait for us
        return number

    monkeypatch.setattr(claims, "_next_number", number_and_wait)

    def ask():
        claims.open_next(unclear, Attempt.Kind.LOOKUP, now=clock.now())
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert list(Attempt.objects.values_list("number", flat=True)) == [1, 2]


@pytest.fixture
def twin(unclear, account):
    """Of the same words, and its answer was lost too."""
    post = a_post(account.workspace, text=unclear.post.text, scheduled_for=unclear.scheduled_for)
    fields = {"status": Status.UNCONFIRMED, "key": "k2", "marked_at": unclear.due_at, "due_at": unclear.due_at}
    return a_delivery(post, account, **fields)


def test_two_of_the_same_words_that_look_at_one_moment_do_not_both_take_one_post(unclear, twin, fake, monkeypatch):
    """Each is shown it, and asks whose it is, before the other has written."""
    shown, asked = resolve.find, Delivery.content.fget
    showing, asking = threading.Barrier(2), threading.Barrier(2)

    def find_and_wait(platform, delivery):
        found = shown(platform, delivery)
        showing.wait(10)
        return found

    def ask_and_wait(delivery):
        with contextlib.suppress(threading.BrokenBarrierError):
            asking.wait(0.3)  # in vain: the other one has to wait for us
        return asked(delivery)

    monkeypatch.setattr(resolve, "find", find_and_wait)
    monkeypatch.setattr(Delivery, "content", property(ask_and_wait))
    fake.script = {"find": [Published("remote-1"), Published("remote-1")]}
    _side_by_side(unclear, twin)
    rows = Delivery.objects.order_by("status").values_list("status", "remote_id", "lookups")
    assert list(rows) == [(Status.PUBLISHED, "remote-1", 0), (Status.UNCONFIRMED, "", 0)]


def test_two_that_are_both_out_and_shown_one_post_find_both_and_send_neither_again(unclear, twin, fake, again):
    """What the first has taken is no word about the second's, and is not looked at again."""
    fake.script = {"find": [Published("remote-2"), Published("remote-2"), Published("remote-1")]}
    for row in (unclear, twin, twin):
        Delivery.objects.update(token="", lease_until=None)
        resolve.look(again(row), clock.now())
    assert [(again(row).status, again(row).remote_id) for row in (unclear, twin)] == [
        (Status.PUBLISHED, "remote-2"),
        (Status.PUBLISHED, "remote-1"),
    ]
    assert fake.owned[-1] == {"remote-2"}


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.PROCESSING])
def test_what_may_be_anothers_whose_answer_is_on_its_way_is_not_taken(unclear, twin, fake, again, status):
    _send(twin, status)
    fake.script = {"find": [Published("remote-1"), Published("remote-1")]}
    resolve.look(again(unclear), clock.now())
    kept = again(unclear)
    assert (kept.status, kept.remote_id, kept.lookups) == (Status.UNCONFIRMED, "", 0)
    assert kept.due_at > unclear.due_at
    Delivery.objects.filter(pk=twin.pk).update(status=Status.PUBLISHED, due_at=None, remote_id="remote-2")
    resolve.look(kept, clock.now())
    assert (again(unclear).status, again(unclear).remote_id) == (Status.PUBLISHED, "remote-1")


def test_what_is_on_its_way_with_other_words_hinders_nobody(unclear, twin, fake, again):
    _send(twin, Status.PUBLISHING)
    Post.objects.filter(pk=twin.post_id).update(text="Something else.")
    fake.script = {"find": [Published("remote-1")]}
    resolve.look(again(unclear), clock.now())
    assert again(unclear).status == Status.PUBLISHED


def test_what_is_found_under_a_key_of_its_own_waits_for_nobody(unclear, twin, fake, again):
    fake.reset(Kind.KEY)
    _send(twin, Status.PUBLISHING)
    fake.script = {"find": [Published("remote-1")]}
    resolve.look(again(unclear), clock.now())
    assert again(unclear).status == Status.PUBLISHED


def test_person_cannot_choose_what_may_be_anothers(unclear, twin, again):
    _send(twin, Status.PUBLISHING)
    with pytest.raises(Refused, match="same words is going out just now"):
        deliveries.confirm_there(again(unclear), "", "remote-1", actor=a_user(), now=clock.now())
    assert again(unclear).status == Status.UNCONFIRMED


def _send(row, status):
    lease = clock.now() + timedelta(seconds=30)
    Delivery.objects.filter(pk=row.pk).update(status=status, token="t", lease_until=lease, due_at=lease)


def _side_by_side(*rows):
    def look(row):
        resolve.look(Delivery.in_full(row.pk), clock.now())
        connection.close()

    threads = [threading.Thread(target=look, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


@pytest.mark.grown_only  # elsewhere there is one writer at a time
def test_what_is_through_while_somebody_asks_whose_it_is_is_not_taken(unclear, twin, fake, again):
    """Neither on its way any more where that was asked second, nor out where that was asked first."""
    _send(twin, Status.PUBLISHING)
    fake.script = {"find": [Published("remote-1")]}
    settled = []

    def settle():
        Delivery.objects.filter(pk=twin.pk).update(status=Status.PUBLISHED, due_at=None, remote_id="remote-1")
        connection.close()

    def settle_after_the_first_question(execute, sql, params, *rest):
        done = execute(sql, params, *rest)
        asks_what_is_out = "LIMIT" in sql and "remote-1" in params
        asks_what_is_on_its_way = sql.startswith("SELECT") and Status.PROCESSING in params
        if not settled and (asks_what_is_out or asks_what_is_on_its_way):
            settled.append(sql)
            other = threading.Thread(target=settle)
            other.start()
            other.join(10)
        return done

    with connection.execute_wrapper(settle_after_the_first_question):
        resolve.look(again(unclear), clock.now())
    assert (again(unclear).status, again(unclear).remote_id, len(settled)) == (Status.UNCONFIRMED, "", 1)
