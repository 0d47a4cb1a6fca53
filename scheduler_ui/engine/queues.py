"""Huey, told what it may be: a way to wake workers. It keeps no results and can lose everything."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from huey import SqliteHuey

from scheduler_ui.engine import clock
from scheduler_ui.engine.messages import SignedJson


class WakingQueue(SqliteHuey):
    """A queue in a file that wakes a thread of this process at once instead of letting all of them poll."""

    def __init__(self, name: str, folder: Path, keys: Sequence[str]):
        self.bell = threading.Semaphore(0)
        self._turn = threading.Lock()
        self.pulses: list[tuple[str, Callable[[datetime], object]]] = []
        self.slow: WakingQueue | None = None
        super().__init__(
            name,
            filename=str(folder / "queue.sqlite3"),
            serializer=SignedJson(keys),
            immediate=False,  # said aloud: a dict setting would follow DEBUG
            results=False,
            utc=True,
            fsync=False,  # it may be lost: the database is the truth
        )

    def _get_timestamp(self) -> datetime:
        return clock.now().replace(tzinfo=None)  # an eta is a moment of the clock that counts

    def enqueue(self, task: Any) -> None:
        with self._turn:
            super().enqueue(task)
        self.bell.release()

    def dequeue(self) -> Any:
        # One thread of this process at a time: racing for the file's lock would mean sleeping in SQLite.
        with self._turn:
            return super().dequeue()

    def read_schedule(self, timestamp: datetime | None = None) -> list[Any]:
        """Look before locking: the scheduler asks twenty times a second, mostly in vain."""
        moment = timestamp or self._get_timestamp()
        due = "select 1 from schedule where queue = ? and timestamp <= ? limit 1"
        if not self.storage.sql(due, (self.name, moment.timestamp()), results=True):
            return []
        tasks: list[Any] = super().read_schedule(timestamp)
        return tasks

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        return False  # nothing is ever revoked, so a look at the file for each task is spared

    def delete(self, key: str) -> bool:
        return False  # the same for clearing the mark of it

    def on_pulse(self, name: str) -> Callable[[Callable[[datetime], object]], Callable[[datetime], object]]:
        """Have the consumer call this function every tick (settings.PUNCTUAL) in a thread of its own."""

        def register(work: Callable[[datetime], object]) -> Callable[[datetime], object]:
            self.pulses.append((name, work))
            return work

        return register

    def create_consumer(self, **options: Any) -> Any:
        # The settings load this module before there are models.
        from scheduler_ui.engine.consumer import PunctualConsumer

        return PunctualConsumer(self, **options)
