"""A workspace's posts as one person's calendar shows them: on their days, never on those of UTC."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from scheduler_ui.domain import cards, wall_clock
from scheduler_ui.domain.cards import Card
from scheduler_ui.models import Delivery, Post, Status, User, Workspace

EARLIEST, LATEST = date(1970, 1, 2), date(2199, 12, 30)
DAY = timedelta(days=1)


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    LIST = "list"


@dataclass(frozen=True)
class Span:
    """The days that a view shows around the day it is asked for, both ends included."""

    view: View
    anchor: date
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> date:
        """The day to ask for when going back."""
        if self.view in {View.MONTH, View.LIST}:
            return max((self.anchor.replace(day=1) - DAY).replace(day=1), EARLIEST)
        return max(self.anchor - DAY * len(self.days), EARLIEST)

    @property
    def after(self) -> date:
        if self.view in {View.MONTH, View.LIST}:
            return min((self.anchor.replace(day=1) + DAY * 31).replace(day=1), LATEST)
        return min(self.anchor + DAY * len(self.days), LATEST)


def span_of(view: View, anchor: date, week_start: int) -> Span:
    """What the view shows; `week_start` is 0 for Monday to 6 for Sunday."""
    if view == View.DAY:
        return Span(view, anchor, anchor, anchor)
    if view == View.WEEK:
        first = _week_of(anchor, week_start)
        return Span(view, anchor, first, first + DAY * 6)
    first = anchor.replace(day=1)
    last = (first + DAY * 31).replace(day=1) - DAY
    if view == View.MONTH:
        first, last = _week_of(first, week_start), _week_of(last, week_start) + DAY * 6
    return Span(view, anchor, first, last)


@dataclass(frozen=True)
class Chosen:
    """What a person wants to see: public ids of accounts (None: all of them) and statuses (empty: every one)."""

    accounts: frozenset[str] | None = None
    statuses: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        return self.accounts is None and not self.statuses


@dataclass
class Day:
    """One day of the viewer: `cards` in order, of which a narrow cell prints `shown`; `count` is of all there are."""

    date: date
    is_today: bool
    is_past: bool
    is_out: bool
    cards: list[Card] = field(default_factory=list)
    shown: list[Card] = field(default_factory=list)
    count: int = 0

    @property
    def hidden(self) -> int:
        return self.count - len(self.shown)

    @property
    def is_weekend(self) -> bool:
        return self.date.weekday() > 4


@dataclass(frozen=True)
class Sight:
    """What is looked at: the span, what of it, how many cards a day prints, and the one day that is read whole."""

    span: Span
    chosen: Chosen = Chosen()
    each: int = 10_000
    whole: date | None = None


def read(workspace: Workspace, viewer: User, sight: Sight, now: datetime) -> list[Day]:
    """The days of a span with their cards: four queries, however many posts; those that do not fit are only counted."""
    zone = str(viewer.timezone)
    days = _empty(sight.span, wall_clock.to_local(now, zone)[0].date())
    wanted: dict[int, Day] = {}
    for key, instant in _in_order(workspace, sight, zone):
        day = days[wall_clock.to_local(instant, zone)[0].date()]
        if day.count < sight.each or day.date == sight.whole:
            wanted[key] = day
        day.count += 1
    for key, card in cards.read(workspace, viewer, list(wanted), now):
        wanted[key].cards.append(card)
    for day in days.values():
        day.shown = day.cards[: sight.each]
    return list(days.values())


def _week_of(day: date, week_start: int) -> date:
    return day - DAY * ((day.weekday() - week_start) % 7)


def _empty(span: Span, today: date) -> dict[date, Day]:
    is_month = span.view == View.MONTH
    return {day: Day(day, day == today, day < today, is_month and day.month != span.anchor.month) for day in span.days}


def _in_order(workspace: Workspace, sight: Sight, zone: str) -> Iterable[tuple[int, Any]]:
    ends = (sight.span.first, sight.span.last + DAY)
    start, end = (wall_clock.to_utc(datetime.combine(day, time.min), zone) for day in ends)
    posts = Post.objects.filter(workspace=workspace, deleted_at=None, scheduled_for__gte=start, scheduled_for__lt=end)
    return _wanted(posts, sight.chosen).order_by("scheduled_for", "pk").values_list("pk", "scheduled_for")


def _wanted(posts: QuerySet[Post], chosen: Chosen) -> QuerySet[Post]:
    if chosen.is_everything:
        return posts
    deliveries = Delivery.objects.filter(post=OuterRef("pk"))
    if chosen.accounts is not None:
        deliveries = deliveries.filter(account__public_id__in=chosen.accounts)
    if chosen.statuses:
        deliveries = deliveries.filter(status__in=chosen.statuses)
    wanted = Q(Exists(deliveries))
    if Status.DRAFT in chosen.statuses and chosen.accounts is None:
        # A post for no account yet is a draft too.
        wanted |= ~Q(Exists(Delivery.objects.filter(post=OuterRef("pk"))))
    return posts.filter(wanted)
