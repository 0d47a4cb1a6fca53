"""Wall-clock times: what a local time in a zone means, there and back, and in words.

Everything is asked of the tzdata package alone (settings empty the system's path), so that all machines agree.
"""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import tzdata
from django.utils import dateformat
from django.utils.translation import gettext as _


class UnknownZone(ValueError):
    """Not a name of the IANA time-zone data."""


class NonexistentTime(ValueError):
    """Clocks jump over this local time, or no calendar reaches it."""


class AmbiguousTime(ValueError):
    """Clocks show this local time twice."""


class Kind(StrEnum):
    PLAIN = "plain"
    GAP = "gap"
    OVERLAP = "overlap"


def tzdata_version() -> str:
    """The release of the time-zone data in use, such as `2026f`."""
    return str(tzdata.IANA_VERSION)


def to_utc(local: datetime, zone: str, policy: str = "compatible") -> datetime:
    """The instant (aware UTC) at which clocks in an IANA zone show a naive local time.

    In a gap `compatible` and `later` read the offset before it (02:30 becomes 03:30), `earlier` the one after it; in an
    overlap `compatible` and `earlier` take the first. `reject` raises NonexistentTime or AmbiguousTime.
    """
    first, second = _readings(local, zone)
    if policy == "reject" and first != second:
        if first > second:
            raise NonexistentTime(f"{local} does not exist in {zone}")
        raise AmbiguousTime(f"{local} happens twice in {zone}")
    if policy == "earlier":
        return min(first, second)
    return max(first, second) if policy == "later" else first


def to_local(instant: datetime, zone: str) -> tuple[datetime, int]:
    """What clocks in the zone show at an aware instant: naive local time, and 1 in the second hour of an overlap."""
    local = instant.astimezone(zone_of(zone))
    return local.replace(tzinfo=None, fold=0), local.fold


def kind_of(local: datetime, zone: str) -> Kind:
    first, second = _readings(local, zone)
    if first == second:
        return Kind.PLAIN
    return Kind.GAP if first > second else Kind.OVERLAP


@cache
def zone_of(name: str) -> ZoneInfo:
    """The zone of that name, old aliases included. Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    # A name may also be a folder of the data ("America"), leave it ("../x"), or not fit a file system.
    except (KeyError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


def is_zone(name: str) -> bool:
    try:
        zone_of(name)
    except UnknownZone:
        return False
    return True


@dataclass(frozen=True)
class Reading:
    """What will happen: the instant, what clocks show then, a sentence unless plain, (policy, label) to choose from."""

    kind: Kind
    instant: datetime
    local: datetime
    sentence: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def explain(local: datetime, zone: str, policy: str = "compatible", clock: str = "24") -> Reading:
    """What a naive local time means, in words where it does not exist or exists twice. `clock` is "24" or "12"."""
    kind, instant = kind_of(local, zone), to_utc(local, zone, policy)
    shown = to_local(instant, zone)[0]
    if kind == Kind.GAP:
        return Reading(kind, instant, shown, _gap_sentence(local, shown, zone, clock), _gap_choices(local, zone, clock))
    if kind == Kind.OVERLAP:
        sentence = _("%(time)s happens twice that day in %(city)s.") % {"time": face(local, clock), "city": city(zone)}
        return Reading(kind, instant, shown, sentence, _overlap_choices(local, zone, clock))
    return Reading(kind, instant, shown)


def face(local: datetime, clock: str = "24") -> str:
    """A time of day as a person's clock shows it: `17:05`, or `5:05 pm`."""
    if clock == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {_('am') if local.hour < 12 else _('pm')}"


def city(zone: str) -> str:
    """The place that a zone is named for: `America/New_York` is New York."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def offset_name(instant: datetime, zone: str) -> str:
    """The zone's distance from UTC at an instant: `UTC+1`, `UTC-3:30`, `UTC`."""
    offset = instant.astimezone(zone_of(zone)).utcoffset()
    assert offset is not None
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else "UTC"


def _readings(local: datetime, zone: str) -> tuple[datetime, datetime]:
    """The instants under the offset before and the offset after the nearest change; they differ near one only."""
    if local.tzinfo is not None:
        raise ValueError("A wall-clock time has no zone of its own.")
    info = zone_of(zone)
    # A year off either end, so that whoever reads it on another clock still finds it in a calendar.
    if not MINYEAR < local.year < MAXYEAR:
        raise NonexistentTime(f"{local} in {zone} is beyond the calendar")
    first = local.replace(tzinfo=info, fold=0).astimezone(UTC)
    return first, local.replace(tzinfo=info, fold=1).astimezone(UTC)


def _gap_sentence(local: datetime, shown: datetime, zone: str, clock: str) -> str:
    words = {"time": face(local, clock), "city": city(zone), "shown": face(shown, clock)}
    if shown.date() == local.date():
        return _("%(time)s does not exist that day in %(city)s; it goes out at %(shown)s.") % words
    words["day"] = dateformat.format(shown, "j F")
    return _("%(time)s does not exist that day in %(city)s; it goes out on %(day)s at %(shown)s.") % words


def _gap_choices(local: datetime, zone: str, clock: str) -> tuple[tuple[str, str], ...]:
    after, before = (face(to_local(to_utc(local, zone, fold), zone)[0], clock) for fold in ("compatible", "earlier"))
    return (
        ("compatible", _("At %(time)s") % {"time": after}),
        ("earlier", _("Before it, at %(time)s") % {"time": before}),
    )


def _overlap_choices(local: datetime, zone: str, clock: str) -> tuple[tuple[str, str], ...]:
    first, second = _readings(local, zone)
    words = {"time": face(local, clock), "before": offset_name(first, zone), "after": offset_name(second, zone)}
    return (
        ("earlier", _("The first %(time)s (%(before)s)") % words),
        ("later", _("The second %(time)s (%(after)s)") % words),
    )
