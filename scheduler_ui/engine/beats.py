"""A worker's sign of life, which every page reads."""

import functools
import os
import socket
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Sum

from scheduler_ui.domain import alarms
from scheduler_ui.engine import clock
from scheduler_ui.engine.messages import refused
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Installation, Worker

FORGOTTEN = timedelta(days=1)
# How long the pages speak of a queue that is back, in seconds.
QUEUE_TOLD_FOR = 30
UNKNOWN = 1_000_000
_threads_alive = UNKNOWN
# Since when this process has been there to send anything.
SINCE = clock.now()


@functools.cache
def worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"[:80]


def beat(now: datetime) -> None:
    """Say that this process lives, what troubles it, and how many queue messages it has refused."""
    mine = {"host": socket.gethostname()[:200], "pid": os.getpid()}
    is_queue_away = settings.HUEY.was_away(QUEUE_TOLD_FOR)
    changes = {"beat_at": now, "is_queue_away": is_queue_away} | _look_at_clock(now)
    Worker.objects.update_or_create(
        **mine, defaults=changes, create_defaults={**mine, **changes, "started_at": now, **_threads()}
    )
    Worker.objects.filter(beat_at__lt=now - FORGOTTEN).delete()
    _count_threads(now)
    if number := refused.take():
        Installation.objects.get_or_create(pk=1)
        Installation.objects.filter(pk=1).update(refused_messages=F("refused_messages") + number)


def threads_alive() -> int:
    """The threads of all workers, as of the last beat; without one, more than there can be."""
    return _threads_alive


def _count_threads(now: datetime) -> None:
    global _threads_alive
    alive = Worker.objects.filter(beat_at__gte=now - span("worker_gone"))
    _threads_alive = alive.aggregate(all=Sum("threads"))["all"] or UNKNOWN


def _look_at_clock(now: datetime) -> dict[str, Any]:
    """A clock that has gone wrong is told once per machine, not by each of its workers and every beat."""
    clock.measure()
    offset, is_off = clock.state()
    host = socket.gethostname()[:200]
    if is_off and not Worker.objects.filter(host=host, is_clock_off=True).exists():
        alarms.clock_is_off(host, timedelta(milliseconds=offset), now)
    return {"clock_offset_ms": offset, "is_clock_off": is_off}


def stop() -> None:
    """A worker that ends in order leaves no row behind: the pages know at once."""
    Worker.objects.filter(host=socket.gethostname()[:200], pid=os.getpid()).delete()


def _threads() -> dict[str, int]:
    return {"threads": settings.PUNCTUAL["threads"]}
