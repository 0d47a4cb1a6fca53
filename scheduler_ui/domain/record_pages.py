"""The on-time record as its page prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat

from scheduler_ui.domain import charts, delays, record
from scheduler_ui.domain.charts import Chart
from scheduler_ui.domain.clocks import Clock, lateness_in_words
from scheduler_ui.domain.delays import Facts
from scheduler_ui.domain.months import Month
from scheduler_ui.domain.record import Day, Record
from scheduler_ui.models import Account, Delivery, Post, User, Workspace


@dataclass(frozen=True)
class Late:
    """One that was late: `due` is the time, `day` the date on the reader's clock."""

    post: Post
    account: Account
    due: str
    day: str
    by: str
    why: str


@dataclass(frozen=True)
class Row:
    """One day of the table that says what the drawing shows."""

    day: str
    sent: int
    median: str
    most: str
    late: int
    missed: int


@dataclass(frozen=True)
class Page:
    record: Record
    median: str
    is_median_late: bool
    most_have: str
    most: str
    chart: Chart
    rows: Sequence[Row]
    latest: Sequence[Late]
    is_current: bool


def read(workspace: Workspace, viewer: User, month: Month, now: datetime) -> Page:
    """Ten queries, however many posts."""
    found = record.read(workspace, month)
    late = record.latest_late(workspace, month) if found.spread.late else []
    crowds = record.crowds(workspace, late) if late else {}
    clock = Clock.of(viewer)
    median = found.spread.quantile(0.5)
    return Page(
        record=found,
        median=lateness_in_words(median),
        is_median_late=median > record.LATE_MS,
        most_have=lateness_in_words(found.spread.quantile(0.95)),
        most=lateness_in_words(found.spread.most),
        chart=charts.draw(found.days),
        rows=[_row(day) for day in found.days if day.spread.total or day.missed],
        latest=[_late(delivery, crowds.get(delivery.scheduled_for, 1), clock) for delivery in late],
        is_current=month == Month.of(now, clock.zone),
    )


def _row(day: Day) -> Row:
    return Row(
        day=dateformat.format(day.date, "D j M"),
        sent=day.spread.total,
        median=lateness_in_words(day.spread.quantile(0.5)) if day.spread.total else "",
        most=lateness_in_words(day.spread.most) if day.spread.total else "",
        late=day.spread.late,
        missed=day.missed,
    )


def _late(delivery: Delivery, crowd: int, clock: Clock) -> Late:
    assert delivery.scheduled_for is not None and delivery.late_ms is not None  # it was asked for by both
    facts = Facts(delivery, list(delivery.attempts.all()), list(delivery.post.events.all()), crowd, clock)
    return Late(
        post=delivery.post,
        account=delivery.account,
        due=clock.seconds(delivery.scheduled_for),
        day=dateformat.format(clock.date(delivery.scheduled_for), "D j M"),
        by=lateness_in_words(delivery.late_ms),
        why=delays.why(facts),
    )
