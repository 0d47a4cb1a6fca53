"""What many threads ask for at the same moment is done once for all of them, by whichever of them comes first.

A commit that survives a power cut takes milliseconds, and building a query takes longer than running it: while one
thread is at it, what the others bring gathers and goes into the next round. Alone, a thread waits for nobody.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Entry(Generic[Item, Answer]):
    __slots__ = ("answer", "error", "is_done", "item")

    def __init__(self, item: Item):
        self.item = item
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.is_done = False


class Together(Generic[Item, Answer]):
    """`do(items)` answers each of up to `most` items, in their order, with a value or an exception to be raised."""

    def __init__(self, do: Callable[[Sequence[Item]], Sequence[Answer | BaseException]], most: int):
        self._do, self._most = do, most
        self._waiting: deque[_Entry[Item, Answer]] = deque()
        self._turn = threading.Lock()

    def ask(self, item: Item) -> Answer:
        entry: _Entry[Item, Answer] = _Entry(item)
        self._waiting.append(entry)
        with self._turn:
            while not entry.is_done:
                self._round()
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]

    def _round(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
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
