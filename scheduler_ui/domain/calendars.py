"""A workspace's posts as one person's calendar shows them: on their days, never on those of UTC."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import cards, wall_clock
from scheduler_ui.domain.cards import Accounts, Card
from scheduler_ui.models import Delivery, Post, Status, User, Workspace

EARLIEST, LATEST = date(1970, 1, 2), date(2199, 12, 30)
DAY = timedelta(days=1)
JUST_NOW = timedelta(minutes=2)
MORNING = time(9)


class View(TextChoices):
    MONTH = "month", _("Month")
    WEEK = "week", _("Week")
    DAY = "day", _("Day")
    LIST = "list", _("List")


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


EVERYTHING = Chosen()


@dataclass
class Day:
    """One day of the viewer: `cards` in order, of which a narrow cell prints `shown`; `count` is of all there are.

    `compose_at` is the time to begin with when composing for the day; None when it has gone by.
    """

    date: date
    is_today: bool
    is_past: bool
    is_out: bool
    compose_at: datetime | None
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
    chosen: Chosen = EVERYTHING
    each: int = 10_000
    whole: date | None = None


def read(workspace: Workspace, viewer: User, sight: Sight, accounts: Accounts, now: datetime) -> list[Day]:
    """The days of a span with their cards: three queries, however many posts; those without room are only counted."""
    zone = str(viewer.timezone)
    info = wall_clock.zone_of(zone)
    days = _empty(sight.span, wall_clock.to_local(now, zone)[0])
    kept: dict[date, list[tuple[int, datetime]]] = {day: [] for day in days}
    for key, instant in _in_order(workspace, sight, zone):
        kept[instant.astimezone(info).date()].append((key, instant))
    wanted: dict[int, Day] = {}
    room: set[int] = set()
    for day in days.values():
        posts = kept[day.date]
        day.count = len(posts)
        begin = _begin(posts, sight.each, now) if day.is_today else 0
        room |= {key for key, _ in posts[begin : begin + sight.each]}
        wanted |= {key: day for key, _ in posts if key in room or day.date == sight.whole}
    for key, card in cards.read(list(wanted), accounts, viewer, now):
        wanted[key].cards.append(card)
        if key in room:
            wanted[key].shown.append(card)
    return list(days.values())


def _begin(posts: list[tuple[int, datetime]], each: int, now: datetime) -> int:
    """Where a crowded today begins: what is going out and what comes next is not hidden behind this morning."""
    over = sum(instant < now - JUST_NOW for _, instant in posts)
    return max(min(over, len(posts) - each), 0)


def suggested(day: date, clock: datetime) -> datetime | None:
    """The time to begin with when composing for a day, on a clock that shows `clock` now; None for a day gone by."""
    if day != clock.date():
        return datetime.combine(day, MORNING) if day > clock.date() else None
    hour = clock.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return hour if hour.date() == day else datetime.combine(day, time(23, 59))


def _week_of(day: date, week_start: int) -> date:
    return day - DAY * ((day.weekday() - week_start) % 7)


def _empty(span: Span, clock: datetime) -> dict[date, Day]:
    today, is_month = clock.date(), span.view == View.MONTH
    return {
        day: Day(
            day,
            is_today=day == today,
            is_past=day < today,
            is_out=is_month and day.month != span.anchor.month,
            compose_at=suggested(day, clock),
        )
        for day in span.days
    }


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
