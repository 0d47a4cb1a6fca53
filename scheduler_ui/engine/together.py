"""What many threads ask for at the same moment is done once for all of them, by one of them.

A commit that survives a power cut takes milliseconds: while one thread is at it, what the others bring gathers and
goes into the next round. Alone, a thread waits for nobody.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Entry(Generic[Item, Answer]):
    __slots__ = ("answer", "error", "is_done", "item", "sleep")

    def __init__(self, item: Item):
        self.item = item
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.is_done = False
        # Held until there is an answer or the lead is handed over: each waits for itself, not in a line for one lock.
        self.sleep = threading.Lock()
        self.sleep.acquire()


class Together(Generic[Item, Answer]):
    """`do(items)` answers each of up to `most` items, in their order, with a value or an exception to be raised."""

    def __init__(self, do: Callable[[Sequence[Item]], Sequence[Answer | BaseException]], most: int):
        self._do, self._most = do, most
        self._lock = threading.Lock()
        self._waiting: deque[_Entry[Item, Answer]] = deque()
        self._is_led = False

    def ask(self, item: Item) -> Answer:
        entry: _Entry[Item, Answer] = _Entry(item)
        with self._lock:
            self._waiting.append(entry)
            is_leader, self._is_led = not self._is_led, True
        if not is_leader:
            entry.sleep.acquire()
        if not entry.is_done:
            self._lead(entry)
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]

    def _lead(self, own: _Entry[Item, Answer]) -> None:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            self._answer(batch)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
            # The next round begins before this one's threads have woken up.
            for entry in [following, *batch]:
                if entry is not None and entry is not own:
                    entry.sleep.release()

    def _answer(self, batch: Sequence[_Entry[Item, Answer]]) -> None:
        try:
            answers = self._do([entry.item for entry in batch])
        except BaseException as error:
            for entry in batch:
                entry.error, entry.is_done = error, True
            return
        for entry, answer in zip(batch, answers, strict=True):
            if isinstance(answer, BaseException):
                entry.error = answer
            else:
                entry.answer = answer
            entry.is_done = True
