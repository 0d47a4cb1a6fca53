"""A page of rows by its neighbour, not by a number of rows to skip: the last page costs what the first does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet

PAGE = 50


@dataclass(frozen=True)
class Page:
    """Rows in order; `after` and `before` are what turns over, '' where there is no page.

    `is_cut`: there may be more that match, beyond the rows that were looked through.
    """

    rows: Sequence[Any]
    after: str = ""
    before: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class Place:
    """Where a page stands: the order (the primary key last), and the row beside it; `is_back`: it ends before that."""

    fields: Sequence[str]
    is_rising: bool = False
    neighbour: Any = None
    is_back: bool = False

    @classmethod
    def beside(cls, rows: QuerySet[Any], ends: tuple[str, str], order: "Place", name: str = "public_id") -> "Place":
        """Next to the one of `rows` that (after, before) names; an unknown one gives the first page."""
        after, before = ends
        wanted = before or after
        neighbour = rows.filter(**{name: wanted}).first() if _may_be(name, wanted) else None
        if neighbour is not None and any(getattr(neighbour, field) is None for field in order.fields):
            neighbour = None  # it has lost its place since
        return replace(order, neighbour=neighbour, is_back=bool(before) and neighbour is not None)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows from this place on, the nearest first."""
        if self.neighbour is not None:
            rows = rows.filter(self._beyond(self.neighbour))
        return rows.order_by(*(name if self._goes_up else f"-{name}" for name in self.fields))

    def until(self, last: Any) -> Q:
        """Not beyond that row, which counts still."""
        return self._side(last, "lt" if self._goes_up else "gt", "e")

    def _beyond(self, row: Any) -> Q:
        return self._side(row, "gt" if self._goes_up else "lt", "")

    def _side(self, row: Any, sign: str, or_equal: str) -> Q:
        *first, key = self.fields
        last = Q(**{f"{key}__{sign}{or_equal}": getattr(row, key)})
        if not first:
            return last
        at = getattr(row, first[0])
        # The first term says no more than the rest; it is what lets an index find the place.
        return Q(**{f"{first[0]}__{sign}e": at}) & (Q(**{f"{first[0]}__{sign}": at}) | last)

    @property
    def _goes_up(self) -> bool:
        return self.is_rising != self.is_back


def ends(query: Mapping[str, str]) -> tuple[str, str]:
    """(after, before) of an address."""
    return query.get("after", ""), query.get("before", "")


def read(rows: QuerySet[Any], place: Place, *, name: str = "public_id", size: int = PAGE) -> Page:
    """The page at a place. One query."""
    found = list(place.ordered(rows)[: size + 1])
    return page_of(found, place, name=name, size=size)


def page_of(found: list[Any], place: Place, *, last: Any = None, name: str = "public_id", size: int = PAGE) -> Page:
    """What was found from the place on, one more than the page holds; `last` ended the search before all was seen."""
    has_more, found = len(found) > size, found[:size]
    is_cut = last is not None and not has_more
    far = last if is_cut else found[-1] if found else None
    # An empty one leads back over what it has looked through.
    near = found[0] if found else far
    ends = [_named(far, name) if has_more or is_cut else "", _named(near, name) if near else ""]
    if place.is_back:
        return Page(found[::-1], after=ends[1], before=ends[0], is_cut=is_cut)
    return Page(found, after=ends[0], before=ends[1] if place.neighbour is not None else "", is_cut=is_cut)


def _named(row: Any, name: str) -> str:
    return str(getattr(row, name))


def _may_be(name: str, wanted: str) -> bool:
    return bool(wanted) and (name != "pk" or wanted.isdecimal())
