"""Whether posts go out: the same facts for `manage.py status`, /healthz and /readyz."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from scheduler_ui.models import WAITING, Delivery, Worker

# A post that is this late without a hold is a fault, not a busy second.
OVERDUE = timedelta(seconds=30)


@dataclass(frozen=True)
class Health:
    """`overdue` counts deliveries that should be out by now; `beat_at` is None when no worker ever ran.

    A queue that is away keeps nothing from going out: the workers go on without it.
    """

    beat_at: datetime | None
    is_worker_alive: bool
    overdue: int
    next_due_at: datetime | None
    is_queue_away: bool

    @property
    def is_well(self) -> bool:
        return self.is_worker_alive and not self.overdue


def look(now: datetime) -> Health:
    """Four queries, over indexes."""
    beat_at = Worker.objects.aggregate(last=Max("beat_at"))["last"]
    gone = timedelta(seconds=settings.PUNCTUAL["worker_gone"])
    waiting = Delivery.objects.filter(status__in=WAITING, hold_reason="", due_at__isnull=False)
    overdue = waiting.filter(due_at__lt=now - OVERDUE * settings.TIME_SCALE).count()
    upcoming = waiting.filter(due_at__gte=now).order_by("due_at").values_list("due_at", flat=True)
    is_queue_away = Worker.objects.filter(beat_at__gte=now - gone, is_queue_away=True).exists()
    is_alive = beat_at is not None and now - beat_at <= gone
    return Health(beat_at, is_alive, overdue, upcoming.first(), is_queue_away)
