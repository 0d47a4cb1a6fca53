"""The worker's pulse between the minutes: what is saved, lost or lapsed is seen within a quarter of a second."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.db import Error, close_old_connections, connections

from scheduler_ui.engine import beats, clock
from scheduler_ui.engine.numbers import span

logger = logging.getLogger(__name__)


# Rung when a backlog waits and threads are free for it: the next tick comes at once.
bell = threading.Event()


class Pulse(threading.Thread):
    """Calls `work(now)` every `interval` seconds until stopped; an error is logged and the next beat comes.

    A `bell` that is rung calls it at once.
    """

    def __init__(
        self, name: str, interval: float, work: Callable[[datetime], object], bell: threading.Event | None = None
    ):
        super().__init__(name=name, daemon=True)
        self._interval, self._work, self._bell = interval, work, bell or threading.Event()
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            started = time.monotonic()
            self._beat()
            self._stopped.wait(0.01)
            self._bell.wait(max(self._interval - (time.monotonic() - started), 0))
            self._bell.clear()
        connections.close_all()

    def stop(self) -> None:
        self._stopped.set()
        self._bell.set()

    def _beat(self) -> None:
        try:
            self._work(clock.now())
        except Error as error:
            logger.warning("%s: the database is away (%s)", self.name, error)
            close_old_connections()
        except Exception:
            logger.exception("%s failed", self.name)


def pulse(name: str, interval: float, work: Callable[[datetime], object]) -> Pulse:
    """The tick listens to the bell; the others keep their own time."""
    return Pulse(name, interval, work, bell if name == "tick" else None)


def heart() -> Pulse:
    return Pulse("beat", span("beat").total_seconds(), beats.beat)
