"""What the calendar's address says: which view, around which day, and what of it."""

from dataclasses import dataclass, replace
from datetime import date

from django.http import QueryDict
from django.utils.dateparse import parse_date

from scheduler_ui.domain.calendars import EARLIEST, EVERYTHING, LATEST, Chosen, View
from scheduler_ui.models import Status


@dataclass(frozen=True)
class Address:
    """`day` is None while the address names none: the page then stays on today, also past midnight."""

    view: View = View.MONTH
    day: date | None = None
    chosen: Chosen = EVERYTHING

    @classmethod
    def read(cls, query: QueryDict) -> "Address":
        """Whatever cannot be read is left out: an address is typed, cut off and mailed around."""
        view = query.get("view", "")
        return cls(View(view) if view in set(View) else View.MONTH, _day(query.get("date", "")), _chosen(query))

    @property
    def query(self) -> QueryDict:
        """The address again, in its one way of writing it."""
        query = QueryDict(mutable=True)
        if self.view != View.MONTH:
            query["view"] = self.view
        if self.day is not None:
            query["date"] = self.day.isoformat()
        if self.chosen.accounts is not None:
            query["picked"] = "1"
            query.setlist("account", sorted(self.chosen.accounts))
        query.setlist("status", sorted(self.chosen.statuses))
        return query

    def to(self, **changes) -> str:
        """The same with something changed, as a link."""
        return "?" + replace(self, **changes).query.urlencode()


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and EARLIEST <= day <= LATEST else None


def _chosen(query: QueryDict) -> Chosen:
    accounts = query.getlist("account")
    # Boxes that are all unticked send nothing, which `picked` tells from an address that does not filter.
    is_picked = bool(accounts) or "picked" in query
    statuses = frozenset(query.getlist("status")) & set(Status.values)
    return Chosen(frozenset(accounts) if is_picked else None, frozenset(statuses))
