"""A workspace's month: how late each post went out, and what did not go as promised.

Lateness is that of the send that went out, from the promised second to the moment it left. What was missed, asked or
sent again counts in the month in which that happened, whatever became of it since.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from scheduler_ui.domain import months
from scheduler_ui.domain.months import Month
from scheduler_ui.models import OUT, Attempt, Delivery, Status, Workspace

LATE_MS = 1000
LATEST = 10


@dataclass(frozen=True)
class Spread:
    """How late posts were: milliseconds and how many, ascending, and the very latest."""

    counts: Sequence[tuple[int, int]] = ()
    most: int = 0

    @property
    def total(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def late(self) -> int:
        return sum(count for late, count in self.counts if late > LATE_MS)

    @property
    def early(self) -> int:
        return sum(count for late, count in self.counts if late < 0)

    def quantile(self, share: float) -> int:
        """The lateness that `share` of the posts did not exceed, rounded up; 0 without any."""
        rank, seen = share * self.total, 0
        for late, count in self.counts:
            seen += count
            if seen >= rank:
                return min(late, self.most)
        return 0


@dataclass
class Day:
    date: date
    spread: Spread = field(default_factory=Spread)
    missed: int = 0


@dataclass(frozen=True)
class Record:
    """What a month came to. `unmeasured`: out, but nobody knows at which second. `sends` counts beyond the first."""

    month: Month
    days: Sequence[Day]
    spread: Spread
    unmeasured: int
    failed: int
    missed: int
    asked: int
    unanswered: int
    retried: int
    sends: int
    twice: int
    has_earlier: bool

    @property
    def sent(self) -> int:
        return self.spread.total + self.unmeasured

    @property
    def in_time(self) -> int:
        return self.spread.total - self.spread.late

    @property
    def is_empty(self) -> bool:
        return not (self.sent or self.failed or self.missed or self.asked)


def read(workspace: Workspace, month: Month) -> Record:
    """Six queries, however many posts."""
    bounds = month.bounds
    days = [Day(day) for day in month.days]
    rows = months.lateness(workspace, bounds)
    measured: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for status, number, late, count, most in rows:
        if status in OUT and late is not None:
            measured[number].append((late, count, most))
    slips = months.slips(workspace, bounds)
    for number, day in enumerate(days):
        day.spread, day.missed = spread_of(measured[number]), slips["missed", number]
    again = _again(workspace, bounds)
    found = again.aggregate(deliveries=Count("delivery", distinct=True), sends=Count("pk"))
    return Record(
        month=month,
        days=days,
        spread=spread_of(row for found in measured.values() for row in found),
        unmeasured=sum(count for status, _, late, count, _ in rows if status in OUT and late is None),
        failed=sum(count for status, _, _, count, _ in rows if status == Status.FAILED),
        missed=sum(count for (kind, _), count in slips.items() if kind == "missed"),
        asked=sum(count for (kind, _), count in slips.items() if kind == "asked"),
        unanswered=Delivery.objects.filter(workspace=workspace, status=Status.UNCONFIRMED, due_at=None).count(),
        retried=found["deliveries"],
        sends=found["sends"],
        twice=_twice(again),
        has_earlier=Delivery.objects.filter(
            workspace=workspace, status__in=[*OUT, Status.FAILED, Status.MISSED], scheduled_for__lt=bounds[0]
        ).exists(),
    )


def latest_late(workspace: Workspace, month: Month) -> list[Delivery]:
    """The ten latest that were late, with all that tells why."""
    bounds = month.bounds
    late = Delivery.objects.filter(
        workspace=workspace,
        status__in=OUT,
        scheduled_for__gte=bounds[0],
        scheduled_for__lt=bounds[-1],
        late_ms__gt=LATE_MS,
    )
    rows = late.select_related("post", "account").prefetch_related("attempts", "post__events")
    return list(rows.order_by("-scheduled_for", "-pk")[:LATEST])


def crowds(workspace: Workspace, deliveries: Iterable[Delivery]) -> dict[datetime | None, int]:
    """How many posts of the workspace were due in the same second as each of these."""
    moments = {delivery.scheduled_for for delivery in deliveries}
    due = Delivery.objects.filter(workspace=workspace, status__in=OUT, scheduled_for__in=moments)
    return dict(due.order_by().values_list("scheduled_for").annotate(count=Count("*")))


def spread_of(rows: Iterable[tuple[int, int, int]]) -> Spread:
    """Of (milliseconds, how many, the latest of them) in any order."""
    counts: dict[int, int] = defaultdict(int)
    most = 0
    for late, count, latest in rows:
        counts[late] += count
        most = max(most, latest)
    return Spread(sorted(counts.items()), most)


def _again(workspace: Workspace, bounds: Sequence[datetime]) -> Any:
    """Every send of the month that was not a delivery's first."""
    again = Attempt.objects.filter(kind=Attempt.Kind.SEND, number__gt=1)
    again = again.filter(marked_at__gte=bounds[0], marked_at__lt=bounds[-1])
    # Looked up for each of these few: a join might begin with all that the workspace has.
    of = Subquery(Delivery.objects.filter(pk=OuterRef("delivery")).values("workspace"))
    return again.alias(of=of).filter(of=workspace.pk).order_by()


def _twice(again: Any) -> int:
    """Deliveries of which more than one place is known. What was sent once cannot have two."""
    places = Attempt.objects.filter(delivery__in=again.values("delivery")).exclude(remote_id="").order_by()
    counted = places.values("delivery").annotate(places=Count("remote_id", distinct=True))
    return counted.filter(places__gt=1).count()
