import threading

import pytest
from django.db import connection

from scheduler_ui.engine import ledger
from scheduler_ui.models import Installation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared():
    ledger.open_shared()
    yield ledger
    ledger.close_shared()


def test_write_without_a_worker_is_a_transaction_of_its_own():
    assert ledger.write(lambda: connection.in_atomic_block) is True


def test_what_is_written_is_committed_when_the_answer_comes(shared):
    made = shared.write(lambda: Installation.objects.create(pk=1))
    assert Installation.objects.get() == made


def test_writes_that_come_together_share_a_commit(shared, monkeypatch):
    """While the first one is held up the others gather; then one transaction takes them all."""
    batches = []
    commit = ledger.Ledger._commit
    monkeypatch.setattr(ledger.Ledger, "_commit", lambda self, batch: (batches.append(len(batch)), commit(self, batch)))
    has_begun, is_free = threading.Event(), threading.Event()
    first = threading.Thread(target=shared.write, args=(lambda: (has_begun.set(), is_free.wait(5)),))
    first.start()
    has_begun.wait(5)

    others = [
        threading.Thread(target=shared.write, args=(lambda number=number: Installation.objects.create(pk=number),))
        for number in range(1, 9)
    ]
    for thread in others:
        thread.start()
    while ledger._shared._entries.qsize() < 8:
        threading.Event().wait(0.001)
    is_free.set()
    for thread in [first, *others]:
        thread.join(5)

    assert batches == [1, 8]
    assert Installation.objects.count() == 8


def test_write_within_a_write_does_not_wait_for_itself(shared):
    assert shared.write(lambda: shared.write(lambda: 7)) == 7


def test_ledger_that_has_ended_lets_nobody_wait(shared, monkeypatch):
    killed = []
    monkeypatch.setattr(ledger.os, "kill", lambda pid, number: killed.append(number))
    monkeypatch.setattr(ledger.Ledger, "_commit", lambda self, batch: 1 / 0)
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    with pytest.raises(RuntimeError):
        shared.write(lambda: 1)
    assert killed == [ledger.signal.SIGTERM]


def test_one_failure_leaves_its_neighbours_written(shared):
    is_free = threading.Event()
    first = threading.Thread(target=shared.write, args=(lambda: is_free.wait(5),))
    first.start()
    failures = []

    def fail():
        Installation.objects.create(pk=2)
        raise ValueError("no")

    def try_to():
        try:
            shared.write(fail)
        except ValueError as error:
            failures.append(str(error))

    others = [threading.Thread(target=try_to)]
    others.append(threading.Thread(target=shared.write, args=(lambda: Installation.objects.create(pk=3),)))
    for thread in others:
        thread.start()
    is_free.set()
    for thread in [first, *others]:
        thread.join(5)
    assert failures == ["no"]
    assert list(Installation.objects.values_list("pk", flat=True)) == [3]
