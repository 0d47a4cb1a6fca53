"""What is limited per time, for all workers together: one row of Budget for each thing that is limited.

The generic cell rate algorithm: `free_at` moves on by one interval with everything that happens. Whoever writes it
says what it was, so two workers never use the same moment twice.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduler_ui.models import Budget
from scheduler_ui.platforms.rates import Rate

FORGOTTEN = timedelta(days=2)


def take(key: str, rate: Rate, now: datetime) -> datetime | None:
    """Use one of a budget. None: it was there; else the moment at which one is, and nothing was used."""
    while True:
        free_at = _free_at(key)
        start = max(free_at or now, now)
        opens_at = start - (rate.burst - 1) * rate.interval
        if opens_at > now:
            return opens_at
        if _move(key, free_at, start + rate.interval):
            return None


def line_up(key: str, step: timedelta, start: datetime, many: int = 1) -> datetime:
    """The first free one of a line of moments `step` apart, not before `start`; it and `many - 1` more are used."""
    while True:
        free_at = _free_at(key)
        first = max(free_at or start, start)
        if _move(key, free_at, first + step * many):
            return first


def free_from(keys: Iterable[str]) -> dict[str, datetime]:
    """Of those that were ever used, when they are free."""
    return dict(Budget.objects.filter(key__in=list(keys)).values_list("key", "free_at"))


def sweep(now: datetime) -> None:
    """Forget what has been free for days."""
    Budget.objects.filter(free_at__lt=now - FORGOTTEN).delete()


def _free_at(key: str) -> datetime | None:
    return Budget.objects.filter(pk=key).values_list("free_at", flat=True).first()


def _move(key: str, as_read: datetime | None, free_at: datetime) -> bool:
    if as_read is None:
        _row, is_new = Budget.objects.get_or_create(key=key, defaults={"free_at": free_at})
        return is_new
    return Budget.objects.filter(pk=key, free_at=as_read).update(free_at=free_at) == 1
