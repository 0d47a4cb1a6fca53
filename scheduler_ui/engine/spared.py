"""Writes whose loss costs nothing need not wait for the disk, nor keep a claim waiting that does."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_WORDS = {
    "sqlite": ("PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL"),
    "postgresql": ("SET synchronous_commit = off", "SET synchronous_commit = DEFAULT"),
}


@contextmanager
def spared() -> Iterator[None]:
    """What is committed within outlives this process, not the machine's power.

    Nothing of the ledger's belongs here: a shared commit may hold somebody else's claim.
    """
    if connection.in_atomic_block:
        yield  # the commit is the caller's
        return
    begin, end = _WORDS[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute(end)
