import threading

import pytest
from django.db import connection, transaction

from scheduler_ui.engine import ledger
from scheduler_ui.models import Installation, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crowd():
    """Runs works in threads of their own while one holds everybody up, so that the rest must share a commit."""

    def run(*works):
        has_begun, is_free = threading.Event(), threading.Event()
        answers = {}

        def thread(name, work):
            try:
                answers[name] = ledger.write(work)
            except ValueError as error:
                answers[name] = str(error)
            finally:
                connection.close()

        first = threading.Thread(target=thread, args=("first", lambda: (has_begun.set(), is_free.wait(5))))
        first.start()
        has_begun.wait(5)
        others = [threading.Thread(target=thread, args=item) for item in enumerate(works)]
        for other in others:
            other.start()
        while len(ledger._shared._waiting) < len(works):
            threading.Event().wait(0.001)
        is_free.set()
        for each in [first, *others]:
            each.join(5)
        return [answers[number] for number in range(len(works))]

    return run


def make(number):
    return lambda: Installation.objects.create(pk=number).pk


def test_what_is_written_is_committed_when_the_answer_comes():
    assert ledger.write(make(1)) == 1
    connection.close()
    assert list(Installation.objects.values_list("pk", flat=True)) == [1]


@pytest.mark.embedded_only
def test_writes_that_come_together_share_a_commit(crowd, monkeypatch):
    rounds, commit = [], ledger._shared._do
    monkeypatch.setattr(ledger._shared, "_do", lambda entries: (rounds.append(len(entries)), commit(entries))[1])
    assert crowd(*(make(number) for number in range(1, 9))) == list(range(1, 9))
    assert rounds == [1, 8]
    assert Installation.objects.count() == 8


@pytest.mark.embedded_only
def test_one_failure_leaves_its_neighbours_written(crowd):
    def fail():
        Installation.objects.create(pk=2)
        raise ValueError("no")

    assert crowd(make(1), fail, make(3)) == [1, "no", 3]
    assert set(Installation.objects.values_list("pk", flat=True)) == {1, 3}


def test_row_in_hand_is_put_back_when_its_commit_fails(crowd):
    workspace = Workspace.objects.create(name="before")
    seen = []

    def rename():
        seen.append(workspace.name)
        workspace.name = "after"
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        ledger.write(rename, workspace)
    assert (seen, workspace.name) == (["before"], "before")


def test_write_within_a_transaction_is_part_of_it():
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        ledger.write(lambda: ledger.write(make(1)))
        raise ValueError("no")
    assert not Installation.objects.exists()
