"""The time that counts: the database's where machines share one (PostgreSQL), else this machine's.

A clock that jumps against the steady one (monotonic, sleep included) is believed only once two ticks agree with it.
Until then nothing is offered or claimed.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)
# A clock that is set while we sleep is noticed within one slice.
SLICE = 0.05
AGREEING_TICKS = 2
# Two readings that are further apart than this (we were stopped between them) say nothing about each other.
APART = 0.01
GOES = 10
SAMPLES = 3
# How far two good clocks may part: seconds per second.
DRIFT = 1e-4
# How long the pages speak of a jump.
TOLD_FOR = 600

# For fault runs: a file with the seconds by which this process's clock is wrong. Write it whole (rename).
_offset_file = os.environ.get("CLOCK_OFFSET_FILE", "")


@dataclass(frozen=True)
class Leap:
    """What the clock jumped over, and the steady moment at which it did."""

    before: float
    after: float
    at: float


@dataclass(frozen=True)
class Base:
    """Between `low` and `high` seconds lie between the steady clock and the database's, as measured at `at`."""

    low: float
    high: float
    at: float

    def narrowed(self, other: "Base") -> "Base":
        """With an older measurement's help, which time has made less certain."""
        slack = (self.at - other.at) * DRIFT
        low, high = max(self.low, other.low - slack), min(self.high, other.high + slack)
        return Base(low, high, self.at) if low <= high else self


class Clock:
    """Readings from `wall`, `steady` (both in seconds) and the database, and what they say about each other."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]):
        self._wall, self._steady, self._lock = wall, steady, threading.RLock()
        self._ahead: float | None = None  # wall against steady, as last seen
        self._first: float | None = None  # the same, as first seen
        self._base: Base | None = None
        self._agreed, self.is_steady = AGREEING_TICKS, True
        self._jumped_at: float | None = None
        self._jump = 0.0
        self._leap: Leap | None = None
        self._home: float | None = None  # wall against steady before it began to jump

    def now(self) -> datetime:
        """Never ahead of the database's time; every reading looks for a jump."""
        steady, ahead = self._look()
        with self._lock:
            if self._ahead is not None and abs(ahead - self._ahead) > _limit():
                self._home = self._home if self._has_jumped_lately else self._ahead
                self._moved(steady, ahead - self._ahead)
                if self._base is None:
                    self._leap_over(steady, self._ahead, ahead)
            self._ahead = ahead
            self._first = ahead if self._first is None else self._first
            return datetime.fromtimestamp(steady + (ahead if self._base is None else self._base.low), UTC)

    def measure(self, ask: Callable[[], float]) -> None:
        """Compare with a clock that stands over this machine's; `ask` returns its seconds."""
        found = max((self._sample(ask) for _ in range(SAMPLES)), key=lambda base: base.low - base.high)
        with self._lock:
            old = self._base
            if old is not None and abs(found.low - old.low) > _limit() + found.high - found.low:
                self._moved(found.at, found.low - old.low)
                self._leap_over(found.at, old.low, found.low)
            self._base = found if old is None else found.narrowed(old)

    def agree(self) -> bool:
        """A tick's look: True once enough of them in a row have seen no jump. It counts from `go_on` on."""
        self.now()
        with self._lock:
            self._agreed += 1
            return self._agreed >= AGREEING_TICKS

    def go_on(self) -> None:
        with self._lock:
            self.is_steady = self._agreed >= AGREEING_TICKS

    @property
    def has_gone_back(self) -> bool:
        return self._jump < 0

    @property
    def leap(self) -> tuple[datetime, datetime] | None:
        """What was jumped over a moment ago: a clock that was set wrong is often set right again at once."""
        leap = self._leap
        if leap is None or self._steady() - leap.at > settings.PUNCTUAL["clock_grace"]:
            return None
        return datetime.fromtimestamp(leap.before, UTC), datetime.fromtimestamp(leap.after, UTC)

    @property
    def offset(self) -> float:
        """Seconds by which this machine's clock is off: against the database's, else what it jumped lately."""
        if self._base is not None and self._ahead is not None:
            return self._ahead - (self._base.low + self._base.high) / 2
        return self._jump if self._has_jumped_lately else 0.0

    @property
    def doubt(self) -> float:
        """Seconds by which all jumps together have moved the clock that counts: either may be the world's."""
        if self._base is not None or self._ahead is None or self._first is None:
            return 0.0
        return abs(self._ahead - self._first)

    @property
    def is_off(self) -> bool:
        return self._has_jumped_lately or abs(self.offset) > _limit()

    @property
    def _has_jumped_lately(self) -> bool:
        return self._jumped_at is not None and self._steady() - self._jumped_at < TOLD_FOR

    def _look(self) -> tuple[float, float]:
        for _ in range(GOES):
            before, wall, after = self._steady(), self._wall(), self._steady()
            if after - before < APART:
                break
        return after, wall - after

    def _sample(self, ask: Callable[[], float]) -> Base:
        before = self._steady()
        theirs = ask()
        after = self._steady()
        return Base(theirs - after, theirs - before, after)

    def _moved(self, steady: float, seconds: float) -> None:
        self._agreed, self.is_steady, self._jumped_at, self._jump = 0, False, steady, seconds
        logger.warning("the clock jumped by %+.1f s; nothing is claimed until it is steady", seconds)

    def _leap_over(self, steady: float, was: float, now: float) -> None:
        if self._base is None and self._home is not None and abs(now - self._home) <= _limit():
            self._leap = None  # set right again: it goes on as it went before
            return
        leap = self._leap if self.leap else None
        unmoved = steady + (was if leap is None else leap.before - leap.at)
        self._leap = Leap(unmoved, steady + now, steady) if steady + now > unmoved + _limit() else None


def _limit() -> float:
    return float(settings.PUNCTUAL["clock_jump"])


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
