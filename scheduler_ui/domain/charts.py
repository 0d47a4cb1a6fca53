"""The month's lateness as a drawing: one column per day, seconds on a scale that shows both 10 ms and an hour."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from django.utils.translation import gettext as _

from scheduler_ui.domain.record import LATE_MS, Day

# The drawing's own units, of 640 by 340; a style sheet decides how large one is.
LEFT, RIGHT, TOP, BOTTOM = 66, 634, 26, 306
MISSED_AT = 13
LEAST = 1
TICKS = (10, 100, 10_000, 60_000, 600_000, 3_600_000, 86_400_000)
# A dot stands for all posts of a day that were about as late: twelve steps from one power of ten to the next.
PER_DECADE = 12
SIZES = (1, 4, 20)


@dataclass(frozen=True)
class Tick:
    """A line across (`y`) or a day below (`x`), with its words."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Paths of dots by (kind, size), kinds being in, over and missed; sizes 0 to 3."""

    dots: Sequence[tuple[str, int, str]]
    median: str
    seconds: Sequence[Tick]
    days: Sequence[Tick]
    limit: float

    @property
    def band(self) -> float:
        """How high what is in time reaches from below."""
        return round(BOTTOM - self.limit, 1)


def draw(days: Sequence[Day]) -> Chart:
    most = max([10 * LATE_MS, *(day.spread.most for day in days)])
    return Chart(
        dots=_dots(days, most),
        median=_median(days, most),
        seconds=[Tick(_y(ms, most), _label(ms)) for ms in TICKS if ms <= most],
        days=[Tick(_x(number, days), str(day.date.day)) for number, day in enumerate(days) if _is_named(day)],
        limit=_y(LATE_MS, most),
    )


def _dots(days: Sequence[Day], most: int) -> list[tuple[str, int, str]]:
    found: dict[tuple[str, int], list[str]] = {}
    for number, day in enumerate(days):
        x = _x(number, days)
        for (kind, step), count in sorted(_steps(day).items()):
            y = _y(10 ** ((step + 0.5) / PER_DECADE), most)
            found.setdefault((kind, _size(count)), []).append(f"M{x} {y}h0")
        if day.missed:
            found.setdefault(("missed", _size(day.missed)), []).append(f"M{x} {MISSED_AT}h0")
    return [(kind, size, "".join(moves)) for (kind, size), moves in sorted(found.items())]


def _steps(day: Day) -> Counter[tuple[str, int]]:
    """How many posts of a day fell on each step of the scale."""
    steps: Counter[tuple[str, int]] = Counter()
    for late, count in day.spread.counts:
        kind = "over" if late > LATE_MS else "in"
        steps[kind, int(PER_DECADE * log10(max(late, LEAST)))] += count
    return steps


def _median(days: Sequence[Day], most: int) -> str:
    points = [(number, day.spread.quantile(0.5)) for number, day in enumerate(days) if day.spread.total]
    moves = [f"{_x(number, days)} {_y(late, most)}" for number, late in points]
    return "M" + "L".join(moves) if len(moves) > 1 else ""


def _size(count: int) -> int:
    return sum(count > size for size in SIZES)


def _x(number: int, days: Sequence[Day]) -> float:
    return round(LEFT + (RIGHT - LEFT) * (number + 0.5) / len(days), 1)


def _y(milliseconds: float, most: int) -> float:
    share = log10(max(milliseconds, LEAST) / LEAST) / log10(most * 1.5 / LEAST)
    return round(BOTTOM - (BOTTOM - TOP) * min(share, 1), 1)


def _is_named(day: Day) -> bool:
    return day.date.day == 1 or day.date.day % 5 == 0


def _label(milliseconds: int) -> str:
    if milliseconds < 100:
        return _("%(number)s ms") % {"number": milliseconds}
    if milliseconds < 60_000:
        return _("%(number)s s") % {"number": f"{milliseconds / 1000:g}"}
    if milliseconds < 3_600_000:
        return _("%(number)s min") % {"number": milliseconds // 60_000}
    return _("%(number)s h") % {"number": milliseconds // 3_600_000}
