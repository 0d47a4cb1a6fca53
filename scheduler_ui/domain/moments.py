"""The composer's words about a time: what a wall clock means, on whose clocks, and how far off it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.clocks import Clock, span_in_words
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.wall_clock import Kind
from scheduler_ui.models import Post, User

MOST_OTHERS = 3
EVENING, MORNING = time(18), time(9)
TIGHT = timedelta(minutes=5)


@dataclass(frozen=True)
class Told:
    """What the composer says under a time. `choices` are (fold, label, is chosen) where a clock is of two minds."""

    instant: datetime
    is_past: bool
    bold: str
    rest: str
    others: tuple[str, ...]
    warning: str = ""
    choices: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class Pick:
    """A time that one click sets: what it is called, and the wall clock for the input."""

    label: str
    value: str


def tell(when: When, person: User, others: Iterable[User], now: datetime, post_zone: str = "") -> Told:
    """Say what a typed time means. Raises wall_clock.NonexistentTime beyond the calendar."""
    clock = Clock(when.timezone, person.clock)
    reading = wall_clock.explain(when.local, when.timezone, when.fold, person.clock)
    words = {"city": wall_clock.city(when.timezone), "far": _far(reading.instant - now)}
    return Told(
        instant=reading.instant,
        is_past=reading.instant < now,
        bold=_whole(clock, reading.instant),
        rest=_("in %(city)s, %(far)s.") % words,
        others=tuple(_elsewhere(reading.instant, when.timezone, person, others, post_zone)),
        warning=reading.sentence,
        choices=_choices(reading.kind, when, person.clock),
    )


def quick_picks(now: datetime, zone: str, clock: str = "24") -> list[Pick]:
    """This evening while it is still to come, tomorrow morning, and the Monday after that."""
    local = wall_clock.to_local(now, zone)[0]
    tomorrow = local.date() + timedelta(days=1)
    monday = tomorrow + timedelta(days=7 - tomorrow.weekday())
    picks = [
        _pick(_("Tomorrow %(time)s"), tomorrow, MORNING, clock),
        _pick(_("%(day)s, %(time)s"), monday, MORNING, clock),
    ]
    if local + TIGHT < datetime.combine(local.date(), EVENING):
        picks.insert(0, _pick(_("Today %(time)s"), local.date(), EVENING, clock))
    return picks


def for_input(local: datetime) -> str:
    """A wall clock as an `<input type="datetime-local">` holds it; seconds only where they matter."""
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"


def _pick(label: str, day: date, at: time, clock: str) -> Pick:
    local = datetime.combine(day, at)
    words = {"time": wall_clock.face(local, clock), "day": dateformat.format(day, "D j M")}
    return Pick(label % words, for_input(local))


def _choices(kind: Kind, when: When, clock: str) -> tuple[tuple[str, str, bool], ...]:
    if kind == Kind.PLAIN:
        return ()
    is_other = when.fold == (Post.Fold.EARLIER if kind == Kind.GAP else Post.Fold.LATER)
    (_usual, first), (other, second) = wall_clock.explain(when.local, when.timezone, when.fold, clock).choices
    return ((Post.Fold.COMPATIBLE, first, not is_other), (other, second, is_other))


def _whole(clock: Clock, instant: datetime) -> str:
    """`Sunday 28 March 2027, 03:30`."""
    return f"{dateformat.format(clock.date(instant), 'l j F Y')}, {clock.time(instant)}"


def _far(span: timedelta) -> str:
    if span < timedelta(0):
        return _("%(span)s ago") % {"span": _round(-span)}
    return _("in %(span)s") % {"span": _round(span)}


def _round(span: timedelta) -> str:
    return span_in_words(max(timedelta(seconds=round(span.total_seconds())), timedelta(seconds=10)))


def _elsewhere(instant: datetime, zone: str, person: User, others: Iterable[User], post_zone: str) -> Iterable[str]:
    """The same instant on other people's clocks, and on the clock that the post was written for, where they differ."""
    here = wall_clock.offset_name(instant, zone)
    if post_zone and wall_clock.offset_name(instant, post_zone) != here:
        words = {"city": wall_clock.city(post_zone), "time": _short(Clock(post_zone, person.clock), instant)}
        yield _("In %(city)s, where the post is kept: %(time)s.") % words
    shown = [other for other in others if wall_clock.offset_name(instant, str(other.timezone)) != here]
    for other in shown[:MOST_OTHERS]:
        words = {"name": str(other), "city": wall_clock.city(str(other.timezone))}
        words["time"] = _short(Clock(str(other.timezone), person.clock), instant)
        yield _("For %(name)s in %(city)s: %(time)s.") % words


def _short(clock: Clock, instant: datetime) -> str:
    return f"{dateformat.format(clock.date(instant), 'l j F')}, {clock.time(instant)}"
