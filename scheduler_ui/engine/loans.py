"""Connections to PostgreSQL are borrowed: where they are fewer than the threads, none is kept while one waits."""

from functools import cache

from django.conf import settings
from django.db import connection

# Of a worker's threads, those that are not counted in the settings: the tick, the beat, the schedulers, the start.
OTHERS = 6


def give_back() -> None:
    """Nothing is given back in a transaction, nor where each thread may keep its own; the next query borrows again."""
    if _are_scarce() and not connection.in_atomic_block:
        connection.close()


@cache
def _are_scarce() -> bool:
    pool = connection.settings_dict["OPTIONS"].get("pool")
    threads = settings.PUNCTUAL["threads"] + settings.PUNCTUAL["slow_threads"] + OTHERS
    return bool(pool) and pool["max_size"] < threads
