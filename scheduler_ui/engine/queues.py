"""Huey, told what it may be: a way to wake workers. It keeps no results and can lose everything."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from huey import Huey
from huey.api import Task

from scheduler_ui.engine import clock
from scheduler_ui.engine.messages import SignedJson
from scheduler_ui.engine.reach import KNOCK, Away, Reach
from scheduler_ui.engine.stores import Store

logger = logging.getLogger(__name__)
# Between two looks: with nothing known that comes sooner, with more due than there are free threads, and at least.
IDLE, BUSY, SHORTEST = 0.25, 0.05, 0.002
# While there is a backlog a thread brings some for those that come after it: each look costs as much as a statement.
AT_ONCE = 4
# What a worker takes into its own hands while the queue is away: so many messages, due within so many seconds.
MOST_KEPT = 1000
SOON = 1.0


class WakingQueue(Huey):
    """One thread of a process asks the queue, for all of them, and for hardly more than there are free threads."""

    def __init__(self, name: str, store: Store, keys: Sequence[str]):
        self.storage: Store = store
        self.pulses: list[tuple[str, Callable[[datetime], object]]] = []
        self.slow: WakingQueue | None = None
        self._on_lost: Callable[[], object] = lambda: None
        self._ready: SimpleQueue[bytes | Task | None] = SimpleQueue()
        self._turn = threading.Lock()
        self._stirred = threading.Event()
        self._counting = threading.Lock()
        self._idle = 0
        self._may_hold_more = False
        self._reach = Reach(name, store.mend)
        # Whether this process is a worker, with threads that take.
        self.is_consumed = False
        super().__init__(
            name,
            serializer=SignedJson(keys),
            immediate=False,  # said aloud: a dict setting would follow DEBUG
            results=False,
            utc=True,
        )

    def create_storage(self) -> Store:
        return self.storage

    def _get_timestamp(self) -> datetime:
        return clock.now().replace(tzinfo=None)  # an eta is a moment of the clock that counts

    # --- Waking ---

    def enqueue(self, task: Task) -> None:
        self.wake([task])

    def wake(self, tasks: Iterable[Task]) -> None:
        """Hand what is due to free threads of this process, and the rest to the queue, in two messages at most.

        While the queue is away a worker keeps the rest for its own threads, a bounded number; what does not fit is let
        go, to be offered again. Any other process raises Away.
        """
        now = clock.now().timestamp()
        moments = [(task, _moment(task, now)) for task in tasks]
        due = [(task, moment) for task, moment in moments if moment <= now]
        room = self.free()
        self._keep(task for task, _ in due[:room])
        waiting = dict(due[room:])
        later = {task: moment for task, moment in moments if moment > now}
        try:
            self._send(self.storage.push, waiting)
            waiting = {}
            self._send(self.storage.schedule, later)
            self._stirred.set()
        except Away:
            if not self.is_consumed:
                raise
            soon = [task for task, moment in later.items() if moment <= now + SOON]
            self._keep([*waiting, *soon])
            if len(soon) < len(later):
                # They were offered before this process knew, and are offered again before their time, not after it.
                self._reach.is_newly_away = True

    def _keep(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            if self._ready.qsize() < MOST_KEPT:
                task.eta = None  # or Huey would put it back until then
                self._ready.put(task)

    def _send(self, use: Callable[[dict[bytes, float]], object], moments: Mapping[Task, float]) -> None:
        if moments:
            messages = {self.serialize_task(task): moment for task, moment in moments.items()}
            self._reach.use(lambda: use(messages))

    # --- Taking ---

    def free(self) -> int:
        """How many threads of this process have nothing to do and nothing handed to them."""
        return max(self._idle - self._ready.qsize(), 0)

    def take(self, *, wait: bool = True) -> Task | None:
        """The next task for the calling thread; None when the worker stops, or at once where it does not wait."""
        if self._may_hold_more and self._ready.empty():
            self.fetch(own=AT_ONCE)
        with self._counting:
            self._idle += 1
        try:
            # Without a time-out: SimpleQueue forgets one when another thread is quicker (CPython 3.11).
            found = self._ready.get(block=wait)
        except Empty:
            return None
        finally:
            with self._counting:
                self._idle -= 1
        return self.deserialize_task(found) if isinstance(found, bytes) else found

    def fetch(self, own: int = 0) -> float:
        """Bring what is due to this process's free threads; `own` is what a caller takes that is about to be one.

        Tells in how many seconds it is worth doing so again.
        """
        if not self._turn.acquire(blocking=not own):
            return BUSY  # another thread is asking, for all
        try:
            now, room = clock.now().timestamp(), self.free() + own
            found = self._reach.use(lambda: self.storage.fetch(now, room), is_knock=True)
            self._may_hold_more = found.has_more
            for message in found.messages:
                self._ready.put(message)
            until_next = IDLE if found.next_at is None else found.next_at - now
            return BUSY if found.has_more else min(max(until_next, SHORTEST), IDLE)
        except Away:
            self._may_hold_more = False
            return KNOCK
        finally:
            self._turn.release()

    def look(self) -> float:
        """What the scheduler does again and again: fetch, and tell when what it held is lost or out of reach."""
        pause = self.fetch()
        if self.storage.was_lost:
            self._reach.trouble()
        if self.storage.was_lost or self._reach.is_newly_away:
            self._on_lost()
            self.storage.was_lost = self._reach.is_newly_away = False
        return pause

    def rest(self, seconds: float) -> None:
        """Wait until the next look, or until this process puts something in the queue."""
        self._stirred.wait(seconds)
        self._stirred.clear()

    def release(self, threads: int) -> None:
        """The worker stops: what was fetched and not begun goes back, and its threads wake up to end."""
        back: dict[bytes, float] = {}
        with contextlib.suppress(Empty):
            while True:
                # Never waiting: a thread that ends its work just now may be quicker.
                if (found := self._ready.get(block=False)) is not None:
                    back[found if isinstance(found, bytes) else self.serialize_task(found)] = 0
        for _ in range(threads):
            self._ready.put(None)
        self._stirred.set()
        if back:
            try:
                self._reach.use(lambda: self.storage.push(back))
            except Away:
                logger.warning("%d messages were not given back; what they were for is offered again", len(back))

    # --- Being away ---

    def is_away(self) -> bool:
        """Whether the queue could not be reached when it was last tried."""
        return self._reach.is_away

    def answers(self) -> bool:
        """Try it, from a process that has no other use for it."""
        try:
            self._reach.use(self.storage.queue_size, is_knock=True)
        except Away:
            return False
        return True

    def was_away(self, seconds: float) -> bool:
        """Whether it is away or lost what it held, now or within the last seconds: what a banner asks."""
        return self._reach.was_away(seconds)

    # --- What Huey would ask the storage in vain ---

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        return False  # nothing is ever revoked, so a look for each task is spared

    def delete(self, key: str) -> bool:
        return False  # the same for clearing the mark of it

    # --- The consumer ---

    def on_pulse(self, name: str) -> Callable[[Callable[[datetime], object]], Callable[[datetime], object]]:
        """Have the consumer call this function every tick (settings.PUNCTUAL) in a thread of its own."""

        def register(work: Callable[[datetime], object]) -> Callable[[datetime], object]:
            self.pulses.append((name, work))
            return work

        return register

    def when_lost(self, work: Callable[[], object]) -> Callable[[], object]:
        """Have this function called as soon as what the queue held is lost, or out of reach."""
        self._on_lost = work
        return work

    def create_consumer(self, **options: Any) -> Any:
        # The settings load this module before there are models.
        from scheduler_ui.engine.consumer import PunctualConsumer

        self.is_consumed = True
        return PunctualConsumer(self, **options)


def _moment(task: Task, now: float) -> float:
    # Huey keeps an eta as naive UTC.
    return task.eta.replace(tzinfo=UTC).timestamp() if task.eta else now
