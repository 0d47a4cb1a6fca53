"""What must be on the disk, and when: seen from another connection while a worker is at work."""

import threading

import pytest
from django.db import connection

from scheduler_ui.engine import deliver, ledger
from scheduler_ui.models import Attempt, Delivery, Status
from scheduler_ui.platforms.outcomes import Published

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(look):
    """What another connection sees now."""
    seen = []

    def see():
        seen.append(look())
        connection.close()

    thread = threading.Thread(target=see)
    thread.start()
    thread.join(10)
    return seen[0]


def test_claim_is_committed_before_the_platform_is_called(due, fake, again):
    seen = []

    def look():
        row = Delivery.objects.get()
        attempt = Attempt.objects.filter(delivery=row, token=row.token).first()
        return row.status, bool(row.token), row.lease_until is not None, attempt is not None

    def called():
        seen.append(elsewhere(look))
        return Published("out")

    fake.script = {"publish": [called]}
    deliver.deliver(due.pk)
    assert seen == [(Status.PUBLISHING, True, True, True)]
    assert again(due).status == Status.PUBLISHED


def test_answer_is_committed_when_the_delivery_is_done(due, fake):
    deliver.deliver(due.pk)
    assert elsewhere(lambda: Delivery.objects.get().status) == Status.PUBLISHED


def test_no_transaction_is_open_while_the_platform_is_called(due, fake):
    seen = []
    fake.script = {"publish": [lambda: seen.append(connection.in_atomic_block) or Published("out")]}
    deliver.deliver(due.pk)
    assert seen == [False]


def how_durable():
    """What the database itself says about the connection that commits."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW synchronous_commit")
            return cursor.fetchone()[0]
        return [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]


DURABLE = {"sqlite": [2, "wal"], "postgresql": "on"}  # 2: FULL


def test_connection_that_commits_a_claim_waits_for_the_disk(due):
    assert ledger.write(how_durable) == DURABLE[connection.vendor]


def test_connection_of_every_other_thread_waits_for_the_disk(due):
    assert elsewhere(lambda: ledger.write(how_durable)) == DURABLE[connection.vendor]
