"""A month on one person's clock, and what the database counts by its days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.db import connection

from scheduler_ui.domain import wall_clock
from scheduler_ui.models import Workspace

DAY = timedelta(days=1)
# Nobody reads a second of an hour: up to so many milliseconds, lateness is told apart in steps of so many.
STEPS = ((1_000, 1), (10_000, 10), (100_000, 100), (3_600_000, 1_000))
COARSEST = 60_000

# Built as querysets, their conditions would cost more than reading ten thousand rows does. Whose an event is, is looked
# up for each of the month's few: a join might begin with all the posts of the workspace.
_LATENESS = """
SELECT status, day, late, COUNT(*), MAX(late_ms) FROM (
  SELECT status, late_ms, {day} AS day, {late} AS late FROM scheduler_ui_delivery
   WHERE workspace_id = %s AND status IN ('published', 'processing', 'failed')
     AND scheduled_for >= %s AND scheduled_for < %s) AS found GROUP BY status, day, late
"""
_SLIPS = """
SELECT kind, day, COUNT(*) FROM (
  SELECT event.kind, {day} AS day
    FROM scheduler_ui_event AS event
   WHERE event.kind IN ('missed', 'asked') AND event."at" >= %s AND event."at" < %s
     AND (SELECT workspace_id FROM scheduler_ui_post AS post WHERE post.id = event.post_id) = %s
  ) AS found GROUP BY kind, day
"""


@dataclass(frozen=True)
class Month:
    """A month on one person's clock."""

    first: date
    zone: str

    @classmethod
    def of(cls, instant: datetime, zone: str) -> "Month":
        return cls(wall_clock.to_local(instant, zone)[0].date().replace(day=1), zone)

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.after - self.first).days)]

    @property
    def before(self) -> date:
        return (self.first - DAY).replace(day=1)

    @property
    def after(self) -> date:
        return (self.first + DAY * 31).replace(day=1)

    @property
    def bounds(self) -> list[datetime]:
        """The instants at which its days begin, and at which the last one ends."""
        return [wall_clock.to_utc(datetime.combine(day, time.min), self.zone) for day in [*self.days, self.after]]


def lateness(workspace: Workspace, bounds: Sequence[datetime]) -> list[tuple[str, int, int | None, int, int]]:
    """(status, day, lateness in steps, how many, the latest of them), from the index alone."""
    sql = _LATENESS.format(day=_day_of("scheduled_for", len(bounds) - 1), late=_in_steps())
    return _rows(sql, [*_inner(bounds), workspace.pk, bounds[0], bounds[-1]])


def slips(workspace: Workspace, bounds: Sequence[datetime]) -> dict[tuple[str, int], int]:
    sql = _SLIPS.format(day=_day_of('event."at"', len(bounds) - 1))
    rows = _rows(sql, [*_inner(bounds), bounds[0], bounds[-1], workspace.pk])
    return defaultdict(int, {(kind, day): count for kind, day, count in rows})


@cache
def _day_of(column: str, high: int, low: int = 0) -> str:
    """Which day of the month an instant falls on, from 0: five comparisons, and no time zone in the database."""
    if high - low == 1:
        return str(low)
    middle = (low + high) // 2
    earlier, later = _day_of(column, middle, low), _day_of(column, high, middle)
    return f"CASE WHEN {column} < %s THEN {earlier} ELSE {later} END"


def _inner(bounds: Sequence[datetime]) -> list[datetime]:
    """The instants that _day_of compares with, in the order in which it names them."""
    if len(bounds) < 3:
        return []
    middle = (len(bounds) - 1) // 2
    return [bounds[middle], *_inner(bounds[: middle + 1]), *_inner(bounds[middle:])]


@cache
def _in_steps() -> str:
    """late_ms, fine where it is small, so that a month has some thousand different values at most; rounded up."""
    steps = " ".join(f"WHEN late_ms <= {most} THEN (late_ms + {step - 1}) / {step} * {step}" for most, step in STEPS)
    return f"CASE {steps} ELSE (late_ms + {COARSEST - 1}) / {COARSEST} * {COARSEST} END"


def _rows(sql: str, values: Sequence[Any]) -> list[Any]:
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(sql, [adapt(value) if isinstance(value, datetime) else value for value in values])
        return list(cursor.fetchall())
