"""A worker's sign of life, which every page reads."""

import functools
import os
import socket
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from scheduler_ui.engine.messages import refused
from scheduler_ui.models import Installation, Worker

FORGOTTEN = timedelta(days=1)


@functools.cache
def worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"[:80]


def beat(now: datetime) -> None:
    """Say that this process lives, and how many queue messages it has refused."""
    mine = {"host": socket.gethostname()[:200], "pid": os.getpid()}
    Worker.objects.update_or_create(
        **mine, defaults={"beat_at": now}, create_defaults={**mine, "beat_at": now, "started_at": now, **_threads()}
    )
    Worker.objects.filter(beat_at__lt=now - FORGOTTEN).delete()
    if number := refused.take():
        Installation.objects.get_or_create(pk=1)
        Installation.objects.filter(pk=1).update(refused_messages=F("refused_messages") + number)


def stop() -> None:
    """A worker that ends in order leaves no row behind: the pages know at once."""
    Worker.objects.filter(host=socket.gethostname()[:200], pid=os.getpid()).delete()


def _threads() -> dict[str, int]:
    return {"threads": settings.PUNCTUAL["threads"]}
