"""A clock that watches itself: wall against steady, and against a database whose time stands over this machine's."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

logger = logging.getLogger(__name__)
AGREEING_TICKS = 2
# Two readings that are further apart than this (we were stopped between them) say nothing about each other.
APART = 0.01
GOES = 10
SAMPLES = 3
# How far two good clocks may part: seconds per second.
DRIFT = 1e-4
# The least that can be called a jump, so that most readings need not ask what is.
UNSEEN = 0.1
# How long the pages speak of a jump.
TOLD_FOR = 600


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
            last = ahead if self._ahead is None else self._ahead
            # The limit is read from the settings: only when something may have moved.
            if abs(ahead - last) > UNSEEN and abs(ahead - last) > _limit():
                self._home = self._home if self._has_jumped_lately else last
                self._moved(steady, ahead - last)
                if self._base is None:
                    self._leap_over(steady, last, ahead)
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
