"""The installation's figures for Prometheus, read from the database: every web process says the same.

Nothing here names a workspace, an account or a post.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from django.conf import settings
from django.db.models import BigIntegerField, Case, Count, Sum, Value, When

from scheduler_ui.domain import health, scenes
from scheduler_ui.models import OUT, Delivery, Installation, Status, Worker, Workspace

# Upper ends of the lateness histogram, in milliseconds.
BUCKETS = (5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000)
# What a person or the machine still has to do with: few rows, so counting them costs little.
OPEN = (Status.RETRYING, Status.PUBLISHING, Status.PROCESSING, Status.UNCONFIRMED, Status.FAILED, Status.MISSED)


@dataclass(frozen=True)
class Metric:
    """One family: (labels, value) each; `kind` is counter, gauge or histogram. Labels come as `status="failed"`."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[str, str, float]]


def read(now: datetime) -> list[Metric]:
    """A constant number of queries; none reads more rows than a day has posts, or than need somebody."""
    found = health.look(now)
    installation = Installation.objects.filter(pk=1).first() or Installation()
    return [
        _gauge("worker_alive", "A worker has given a sign of life.", found.is_worker_alive),
        _gauge("publishing_enabled", "Publishing is switched on.", scenes.machine().is_on),
        _gauge("queue_away", "A living worker cannot reach the queue; posts go out without it.", found.is_queue_away),
        _gauge("overdue", "Deliveries that should be out by now and are not held.", found.overdue),
        _gauge("next_due_seconds", "Until the next delivery; -1 without any.", _until(found.next_due_at, now)),
        *_workers(now),
        _deliveries(),
        _counter("refused_messages_total", "Queue messages that did not verify.", installation.refused_messages),
        _lateness(now),
    ]


def exposed(metrics: Iterable[Metric]) -> str:
    """The text format 0.0.4."""
    lines = []
    for metric in metrics:
        name = f"punctual_{metric.name}"
        lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
        lines += [f"{name}{suffix}{labels} {value:.10g}" for suffix, labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _workers(now: datetime) -> list[Metric]:
    alive = Worker.objects.filter(beat_at__gte=now - timedelta(seconds=settings.PUNCTUAL["worker_gone"]))
    rows = list(alive.values_list("threads", "clock_offset_ms", "is_clock_off"))
    offset = max((abs(milliseconds) for _, milliseconds, _ in rows), default=0) / 1000
    return [
        _gauge("workers", "Workers that live.", len(rows)),
        _gauge("worker_threads", "Threads of the workers that live.", sum(threads for threads, _, _ in rows)),
        _gauge("worker_clock_offset_seconds", "The largest distance of a worker's clock from the database's.", offset),
        _gauge("workers_with_wrong_clock", "Workers that claim nothing, for their clock is wrong.", _off(rows)),
    ]


def _off(rows: Iterable[tuple[int, int, bool]]) -> int:
    return sum(is_off for _, _, is_off in rows)


def _deliveries() -> Metric:
    """Asked workspace by workspace, which is how the index is built."""
    counted = Delivery.objects.filter(workspace__in=Workspace.objects.values("pk"), status__in=OPEN).order_by()
    counts = dict(counted.values_list("status").annotate(count=Count("*")))
    samples = [("", f'{{status="{status}"}}', counts.get(status.value, 0)) for status in OPEN]
    return Metric("deliveries", "gauge", "Deliveries that somebody or something still has to do with.", samples)


def _lateness(now: datetime) -> Metric:
    """Of what was promised for today in UTC: it begins again at midnight, as a counter may."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    out = Delivery.objects.filter(
        workspace__in=Workspace.objects.values("pk"),
        status__in=OUT,
        scheduled_for__gte=midnight,
        scheduled_for__lt=midnight + timedelta(days=1),
        late_ms__isnull=False,
    )
    buckets = Case(
        *(When(late_ms__lte=most, then=Value(most)) for most in BUCKETS),
        default=Value(-1),
        output_field=BigIntegerField(),
    )
    rows = list(out.order_by().values_list(buckets).annotate(count=Count("*"), sum=Sum("late_ms")))
    counts = {bucket: count for bucket, count, _ in rows}
    total = sum(counts.values())
    below = accumulate(counts.get(most, 0) for most in BUCKETS)
    samples = [
        ("_bucket", f'{{le="{most / 1000:g}"}}', float(count)) for most, count in zip(BUCKETS, below, strict=True)
    ]
    samples += [("_bucket", '{le="+Inf"}', total), ("_sum", "", sum(late for _, _, late in rows) / 1000)]
    told = "How late what is due today (UTC) went out; starts again at midnight."
    return Metric("lateness_seconds", "histogram", told, [*samples, ("_count", "", total)])


def _until(moment: datetime | None, now: datetime) -> float:
    return -1 if moment is None else (moment - now).total_seconds()


def _gauge(name: str, told: str, value: float) -> Metric:
    return Metric(name, "gauge", told, [("", "", value)])


def _counter(name: str, told: str, value: float) -> Metric:
    return Metric(name, "counter", told, [("", "", value)])
