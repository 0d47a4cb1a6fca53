"""One durable commit for many: a burst of claims and answers waits for the disk together, not one after another.

A commit that survives a power cut takes milliseconds, and SQLite has one writer. So in a worker on SQLite one thread
writes for all the others: what comes while it commits goes into the next commit. Everywhere else a write is a
transaction of its own.
"""

import os
import queue
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from django.db import close_old_connections, connection, connections, transaction

T = TypeVar("T")
Entry = tuple[Callable[[], Any], "Future[Any]"]
MOST_AT_ONCE = 64


class Ledger(threading.Thread):
    """Runs what it is handed, each in a savepoint of its own, and answers once all of it is durable."""

    def __init__(self) -> None:
        super().__init__(name="ledger", daemon=True)
        self._is_stopping = False
        self._entries: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()

    def write(self, work: Callable[[], T]) -> T:
        if threading.current_thread() is self:
            return work()
        answer: Future[T] = Future()
        self._entries.put((work, answer))
        while True:
            try:
                return answer.result(timeout=1)
            except TimeoutError:
                if not self.is_alive():
                    raise RuntimeError("The thread that writes for this worker has ended.") from None

    def stop(self) -> None:
        self._is_stopping = True
        self._entries.put(None)
        self.join()

    def run(self) -> None:
        try:
            self._write_until_stopped()
        finally:
            if not self._is_stopping:
                # Without it nothing is ever claimed again: end the worker, and whoever watches it starts a new one.
                os.kill(os.getpid(), signal.SIGTERM)
            connections.close_all()

    def _write_until_stopped(self) -> None:
        while not self._is_stopping or not self._entries.empty():
            batch = [self._entries.get()]
            while len(batch) < MOST_AT_ONCE and not self._entries.empty():
                batch.append(self._entries.get())
            self._commit([entry for entry in batch if entry is not None])

    def _commit(self, batch: list[Entry]) -> None:
        try:
            with transaction.atomic():
                ended = [_attempt(work) for work, _ in batch]
        except Exception as error:
            # Nothing of it is in the database: each must learn that.
            for _, answer in batch:
                answer.set_exception(error)
            close_old_connections()
            return
        for (_, answer), (value, failure) in zip(batch, ended, strict=True):
            if failure is not None:
                answer.set_exception(failure)
            else:
                answer.set_result(value)


_shared: Ledger | None = None


def write(work: Callable[[], T]) -> T:
    """Run `work` in a transaction and return what it returns, once that is durable."""
    if _shared is not None and connection.vendor == "sqlite":
        return _shared.write(work)
    with transaction.atomic():
        return work()


def open_shared() -> None:
    """From here on this process has one writer."""
    global _shared
    _shared = Ledger()
    _shared.start()


def close_shared() -> None:
    global _shared
    ledger, _shared = _shared, None
    if ledger is not None:
        ledger.stop()


def _attempt(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        with transaction.atomic():
            return work(), None
    except Exception as error:
        return None, error
