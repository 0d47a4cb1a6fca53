"""Two workers that ask after one delivery at the same moment."""

import contextlib
import threading

import pytest
from django.db import connection

from scheduler_ui.engine import claims, clock, resolve
from scheduler_ui.models import Attempt, Delivery, Status
from scheduler_ui.platforms.base import Kind

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
