"""The worker process: Huey's consumer with a quick scheduler, the tick, the beat and the slow queue's threads."""

import logging
import time
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from huey.consumer import Consumer, Scheduler, Worker

from scheduler_ui.engine import beats, clock, deliver, messages, ticks, touches
from scheduler_ui.engine.queues import WakingQueue
from scheduler_ui.engine.seats import seats
from scheduler_ui.platforms.http import shared_tls_context

logger = logging.getLogger(__name__)
# Between two looks at the slow queue by a process that puts nothing there, in seconds.
SLOW_PAUSE = 1.0
SHUTDOWN_SECONDS = 30


class WokenWorker(Worker):
    """Sleeps until this process's share of the queue has something for it."""

    def loop(self, now: Any = None) -> None:
        try:
            task = self.huey.take()
        except messages.Refused:
            return  # counted, and said
        except Exception:
            logger.exception("a queue message could not be read")
            return
        if task is None:
            return
        try:
            self.huey.execute(task, now)
        except Exception:
            logger.exception("%s failed", task.name)


class QuickScheduler(Scheduler):
    """Looks when the next message comes due; Huey's own looks once in a second, and an eta is a matter of less."""

    def loop(self, now: Any = None) -> None:
        pause = self.least_pause
        try:
            pause = max(self.huey.look(), pause)
            self._begin_periodic(now)
        except Exception:
            logger.exception("the scheduler failed")
            pause = 1.0
        self.huey.rest(pause)

    @property
    def least_pause(self) -> float:
        return 0.0 if self.periodic else SLOW_PAUSE

    def _begin_periodic(self, now: Any) -> None:
        late = time.monotonic() - self._next_periodic
        if self.periodic and late >= 0:
            self._next_periodic += self.periodic_task_seconds * (late // self.periodic_task_seconds + 1)
            self.enqueue_periodic_tasks(now)

    def enqueue_periodic_tasks(self, now: Any) -> None:
        self.huey.wake(self.huey.read_periodic(now))


class QuietConsumer(Consumer):
    worker_class = WokenWorker
    scheduler_class = QuickScheduler

    def stop(self, graceful: bool = False) -> None:
        self.stop_flag.set()
        self.huey.release(len(self.worker_threads))
        super().stop(graceful)


class SlowConsumer(QuietConsumer):
    """Media, sync and mail: threads of their own, so that they never keep a post waiting."""


class PunctualConsumer(QuietConsumer):
    def __init__(self, huey: WakingQueue, **options: Any):
        # What must hold is not left to command-line options.
        options |= {"workers": settings.PUNCTUAL["threads"], "worker_type": "thread", "periodic": True}
        options |= {"graceful_signal": "TERM", "shutdown_timeout": SHUTDOWN_SECONDS}
        super().__init__(huey, **options)
        tick = settings.PUNCTUAL["tick"]
        self.pulses = [ticks.pulse(name, tick, work) for name, work in huey.pulses]
        self.pulses.append(ticks.heart())
        self.slow = None
        if huey.slow is not None:
            options |= {"workers": settings.PUNCTUAL["slow_threads"], "periodic": False}
            huey.slow.is_consumed = True
            self.slow = SlowConsumer(huey.slow, **options)

    def start(self) -> None:
        shared_tls_context()  # reading the certificates takes longer than a post may be late
        clock.measure()
        for pulse in self.pulses:
            pulse.start()
        if self.slow is not None:
            self.slow.scheduler.start()
            for _, thread in self.slow.worker_threads:
                thread.start()
        super().start()
        # Ctrl+C in a terminal reaches the whole group: INT is as graceful as TERM.
        self._signal_actions[self._interrupt_sig] = (False, True)

    def stop(self, graceful: bool = False) -> None:
        if count := len(deliver.in_flight):
            logger.info("finishing what is going out (%d now, up to %d s)", count, SHUTDOWN_SECONDS)
        seats.close()
        for pulse in self.pulses:
            pulse.stop()
        if self.slow is not None:
            self.slow.stop_flag.set()
            self.slow.huey.release(len(self.slow.worker_threads))
        super().stop(graceful)
        self._say_goodbye()

    def _say_goodbye(self) -> None:
        for pulse in self.pulses:
            pulse.join(timeout=1)
        try:
            touches.flush()
            beats.stop()
        except DatabaseError:
            logger.warning("the worker's row could not be removed; it will lapse by itself")
