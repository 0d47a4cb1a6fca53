"""Whether something outside can be used: an error is said once, then it is left alone but for a knock now and then."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from scheduler_ui.engine.stores import ERRORS

logger = logging.getLogger(__name__)
T = TypeVar("T")
# While it is away it is asked once in so many seconds whether it is back.
KNOCK = 0.5


class Away(Exception):
    """The queue cannot be reached; what it would have woken workers for must be done without it."""


class Reach:
    """`mend(error)` is called after each error."""

    def __init__(self, name: str, mend: Callable[[Exception], object]):
        self._name, self._mend = name, mend
        self._away_since: float | None = None
        self._troubled_at: float | None = None
        self._knocked_at = 0.0
        # Until whoever asks has dealt with it.
        self.is_newly_away = False

    @property
    def is_away(self) -> bool:
        return self._away_since is not None

    def was_away(self, seconds: float) -> bool:
        return self.is_away or (self._troubled_at is not None and time.monotonic() - self._troubled_at < seconds)

    def trouble(self) -> None:
        """It is there, but not as it should be."""
        self._troubled_at = time.monotonic()

    def use(self, work: Callable[[], T], *, is_knock: bool = False) -> T:
        """What `work()` returns. Raises Away where it fails, and without trying while it is known to be away."""
        if self.is_away and not (is_knock and time.monotonic() - self._knocked_at >= KNOCK):
            raise Away
        try:
            result = work()
        except ERRORS as error:
            self._note(error)
            raise Away from error
        if self._away_since is not None:
            logger.warning("the %s queue is back after %.1f s", self._name, time.monotonic() - self._away_since)
            self._away_since = None
        return result

    def _note(self, error: Exception) -> None:
        self._knocked_at = self._troubled_at = time.monotonic()
        if self._away_since is None:
            self._away_since, self.is_newly_away = self._knocked_at, True
            logger.warning("the %s queue is away (%s): posts go out without it", self._name, error)
        self._mend(error)
