"""The time that counts: the database's where machines share one (PostgreSQL), else this machine's.

A clock that jumps against the steady one (monotonic, sleep included) is believed only once two ticks agree with it.
Until then nothing is offered or claimed.
"""

import contextlib
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from scheduler_ui.engine.timepiece import Clock

# A clock that is set while we sleep is noticed within one slice.
SLICE = 0.05

# For fault runs: a file with the seconds by which this process's clock is wrong. Write it whole (rename).
_offset_file = os.environ.get("CLOCK_OFFSET_FILE", "")


def _read_wall() -> float:
    return time.time() + _offset() if _offset_file else time.time()


_last_offset = 0.0


def _offset() -> float:
    global _last_offset
    with contextlib.suppress(OSError, ValueError):  # it is being written: what it said last
        _last_offset = float(Path(_offset_file).read_text())
    return _last_offset


# With the time that a machine sleeps: waking up is no jump.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _read_steady() -> float:
    return time.clock_gettime(_STEADY)


_clock = Clock(_read_wall, _read_steady)
_rest = time.sleep


def now() -> datetime:
    return _clock.now()


def sleep_until(instant: datetime) -> bool:
    """Return True at or after `instant`, never before it; False as soon as the clock is seen to jump."""
    while (left := (instant - now()).total_seconds()) > 0:
        if not _clock.is_steady:
            return False
        _rest(min(left, SLICE))
    return _clock.is_steady


def measure() -> None:
    """On PostgreSQL the second is the database's: find out how far it is from ours."""
    if connection.vendor == "postgresql":
        _clock.measure(_ask)


def is_steady() -> bool:
    """Whether anything may be offered or claimed by it, at this very moment."""
    _clock.now()
    return _clock.is_steady


def agree() -> bool:
    return _clock.agree()


def go_on() -> None:
    _clock.go_on()


def has_gone_back() -> bool:
    """Whether the last jump was one into the past."""
    return _clock.has_gone_back


def leap() -> tuple[datetime, datetime] | None:
    return _clock.leap


def is_leapt_over(instant: datetime) -> bool:
    """Whether it lies in what the clock has just jumped over: neither due nor late until that is certain."""
    found = _clock.leap
    return found is not None and found[0] < instant <= found[1]


def doubt() -> timedelta:
    """How far what we wrote down may lie from the world's time, for all that this process knows."""
    return timedelta(seconds=_clock.doubt)


def state() -> tuple[int, bool]:
    """How far this machine's clock is off (ms), and whether that is more than it should be."""
    return round(_clock.offset * 1000), _clock.is_off


def _ask() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return float(cursor.fetchone()[0].timestamp())
