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


class Pulse(threading.Thread):
    """Calls `work(now)` every `interval` seconds until stopped; an error is logged and the next beat comes."""

    def __init__(self, name: str, interval: float, work: Callable[[datetime], object]):
        super().__init__(name=name, daemon=True)
        self._interval, self._work, self._stopped = interval, work, threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            started = time.monotonic()
            self._beat()
            self._stopped.wait(max(self._interval - (time.monotonic() - started), 0.01))
        connections.close_all()

    def stop(self) -> None:
        self._stopped.set()

    def _beat(self) -> None:
        try:
            self._work(clock.now())
        except Error as error:
            logger.warning("%s: the database is away (%s)", self.name, error)
            close_old_connections()
        except Exception:
            logger.exception("%s failed", self.name)


def heart() -> Pulse:
    return Pulse("beat", span("beat").total_seconds(), beats.beat)
