"""One person's way of reading time: their zone, and a clock of 24 or 12 hours."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from scheduler_ui.domain import wall_clock
from scheduler_ui.models import User

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """An IANA zone and "24" or "12". Instants are aware."""

    zone: str
    face: str = "24"

    @classmethod
    def of(cls, user: User) -> "Clock":
        return cls(str(user.timezone), user.clock)

    def local(self, instant: datetime) -> datetime:
        return wall_clock.to_local(instant, self.zone)[0]

    def date(self, instant: datetime) -> date:
        return self.local(instant).date()

    def time(self, instant: datetime) -> str:
        """`09:00`; `09:00:05` where the second matters."""
        local = self.local(instant)
        return self.seconds(instant) if local.second else wall_clock.face(local, self.face)

    def seconds(self, instant: datetime) -> str:
        """`09:00:00`, or `9:00:00 am`."""
        return self._with(self.local(instant), "")

    def exact(self, instant: datetime) -> str:
        """`09:00:00.04`, cut and not rounded: nothing may look earlier or later than its second."""
        local = self.local(instant)
        return self._with(local, f".{local.microsecond // 10_000:02}")

    def day(self, instant: datetime, now: datetime) -> str:
        """`Friday 20 November`, with the year where it is another one."""
        return day_in_words(self.date(instant), self.date(now))

    def moment(self, instant: datetime, now: datetime) -> str:
        """`today at 12:30`; `tomorrow, Friday 20 November, at 12:30`; `on Friday 27 November at 12:30`."""
        words = {"time": self.time(instant), "day": self.day(instant, now)}
        days = (self.date(instant) - self.date(now)).days
        if days == 0:
            return _("today at %(time)s") % words
        if days == 1:
            return _("tomorrow, %(day)s, at %(time)s") % words
        if days == -1:
            return _("yesterday at %(time)s") % words
        return _("on %(day)s at %(time)s") % words

    def at(self, instant: datetime, now: datetime) -> str:
        """`at 10:50` where it is today, else the day too."""
        if self.date(instant) == self.date(now):
            return _("at %(time)s") % {"time": self.time(instant)}
        return self.moment(instant, now)

    def point(self, instant: datetime, now: datetime) -> str:
        """`10:40` where it is today, else `Friday 20 November, 10:40`."""
        if self.date(instant) == self.date(now):
            return self.time(instant)
        return f"{self.day(instant, now)}, {self.time(instant)}"

    def _with(self, local: datetime, fraction: str) -> str:
        if self.face == "24":
            return f"{local:%H:%M:%S}{fraction}"
        hours, half = wall_clock.face(local, self.face).split(" ", 1)
        return f"{hours}:{local:%S}{fraction} {half}"


def day_in_words(day: date, today: date) -> str:
    return dateformat.format(day, "l j F" if day.year == today.year else "l j F Y")


def span_in_words(span: timedelta) -> str:
    """`0.04 s`, `12 s`, `5 min`, `2 h 5 min`, `3 days`."""
    seconds = abs(span.total_seconds())
    if seconds < 10:
        return _("%(number)s s") % {"number": f"{seconds:.2f}"}
    if seconds < 90:
        return _("%(number)s s") % {"number": int(seconds)}
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("%(number)s min") % {"number": minutes}
    if minutes < 48 * 60:
        words = {"hours": minutes // 60, "minutes": minutes % 60}
        return (_("%(hours)s h %(minutes)s min") if words["minutes"] else _("%(hours)s h")) % words
    return _("%(number)s days") % {"number": round(minutes / 1440)}


def lateness_in_words(milliseconds: int) -> str:
    """`0.03 s`, `3.9 s`, `41 s`, `5 min 2 s`, `2 h 5 min`: exact enough to be checked against a log."""
    seconds = milliseconds // 1000
    if milliseconds < 1000:
        return _("%(number)s s") % {"number": f"{milliseconds / 1000:.2f}"}
    if seconds < 10:
        return _("%(number)s s") % {"number": f"{milliseconds // 100 / 10:.1f}"}
    if seconds < 60:
        return _("%(number)s s") % {"number": seconds}
    if seconds < 3600:
        words = {"minutes": seconds // 60, "seconds": seconds % 60}
        return (_("%(minutes)s min %(seconds)s s") if words["seconds"] else _("%(minutes)s min")) % words
    return span_in_words(timedelta(seconds=seconds))
