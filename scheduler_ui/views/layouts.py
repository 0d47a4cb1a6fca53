"""How each view of the calendar lays its days out: rows of weeks, columns of quarter hours, the line of now."""

from dataclasses import dataclass
from datetime import datetime, time

from django.utils import dateformat
from django.utils.translation import gettext as _

from scheduler_ui.domain import lanes, wall_clock
from scheduler_ui.domain.calendars import Day, Sight, Span, View
from scheduler_ui.domain.lanes import Place

CELL, ROWS = 3, 50  # cards that a day prints in the month, and in the list
HEIGHT = {View.WEEK: 3, View.DAY: 2}  # quarters of an hour that a card covers
MOST = {View.WEEK: 3, View.DAY: 6}  # cards side by side


@dataclass(frozen=True)
class Column:
    """A day of the week and day views: its places, each with the classes that put it there, and the hours ahead."""

    day: Day
    places: list[tuple[Place, str]]
    hours: list[tuple[int, datetime]]


def sight(span: Span, chosen) -> Sight:
    """How much of each day is read: no more than is printed, but the whole chosen day, which phones list below."""
    if span.view == View.MONTH:
        return Sight(span, chosen, CELL, span.anchor)
    return Sight(span, chosen, ROWS) if span.view == View.LIST else Sight(span, chosen)


def lay_out(span: Span, days: list[Day], clock: datetime, face: str) -> dict:
    """What the view's template needs; `clock` is what the viewer's shows now, `face` its kind."""
    if span.view == View.MONTH:
        weeks = [days[start : start + 7] for start in range(0, len(days), 7)]
        return {"weeks": weeks, "agenda": next(day for day in days if day.date == span.anchor)}
    if span.view == View.LIST:
        return {"listed": [day for day in days if day.count]}
    hours = [datetime.combine(span.anchor, time(hour)) for hour in range(24)]
    return {
        "columns": [_column(day, span.view, clock) for day in days],
        "hours": [(hour.hour * 4, _hour(hour, face)) for hour in hours],
        "now_quarter": clock.hour * 4 + clock.minute // 15,
        "now_minute": clock.hour * 60 + clock.minute,
    }


def title(span: Span) -> str:
    first, last = span.first, span.last
    if span.view in {View.MONTH, View.LIST}:
        return dateformat.format(span.anchor, "F Y")
    if span.view == View.DAY:
        return dateformat.format(span.anchor, "D j F Y")
    from_format = "j" if first.month == last.month else "j M" if first.year == last.year else "j M Y"
    words = {"first": dateformat.format(first, from_format), "last": dateformat.format(last, "j M Y")}
    return _("%(first)s to %(last)s") % words


def _column(day: Day, view: View, clock: datetime) -> Column:
    hours = [datetime.combine(day.date, time(hour)) for hour in range(24)]
    ahead = [(hour.hour * 4, hour) for hour in hours if hour > clock]
    places = lanes.place(day.cards, HEIGHT[view], MOST[view])
    return Column(day, [(place, _css(place, HEIGHT[view])) for place in places], ahead)


def _css(place: Place, height: int) -> str:
    return f"s{place.quarter} d{height} l{place.lane}of{place.lanes}"


def _hour(hour: datetime, face: str) -> str:
    return wall_clock.face(hour, face).replace(":00 ", " ")
