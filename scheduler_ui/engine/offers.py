"""Waking workers for what the machine must do next. An offer decides nothing: the claim does."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection

from scheduler_ui.engine import backlog, clock, crash, overdue, switch, ticks
from scheduler_ui.engine.numbers import span
from scheduler_ui.engine.seats import seats
from scheduler_ui.engine.spared import spared
from scheduler_ui.models import Status

# Wakes workers for delivery ids, each at an aware UTC instant.
Wake = Callable[[Sequence[tuple[int, datetime]]], object]
MACHINE = (Status.SCHEDULED, Status.RETRYING, Status.PROCESSING, Status.UNCONFIRMED)
SENT = (Status.PROCESSING, Status.UNCONFIRMED)
AT_ONCE = 1000


# Asked four times a second by every worker: built as a queryset it would cost ten times what running it does.
_ANYTHING = """
SELECT 1 FROM scheduler_ui_delivery
 WHERE due_at <= %s AND hold_reason = '' AND (queued_at IS NULL OR queued_at < %s OR queued_at > %s)
   AND (status <> 'publishing' OR due_at <= %s) LIMIT 1
"""

# One statement marks what this round offers, and tells what it was: nobody else offers it until a little past its time.
# What was never offered goes before what was.
_OFFER = """
UPDATE scheduler_ui_delivery SET queued_at = {latest}(due_at, {now})
 WHERE id {is_one_of}
   SELECT id FROM scheduler_ui_delivery
    WHERE due_at > %s AND due_at <= %s AND hold_reason = '' AND status IN ({statuses})
      AND (queued_at IS NULL OR queued_at < %s OR queued_at > %s) {not_leapt_over} {not_full}
    ORDER BY (queued_at IS NOT NULL), due_at LIMIT %s {locked}
 {end} RETURNING id, due_at
"""
_ANY_OFFER = """
SELECT 1 FROM scheduler_ui_delivery
 WHERE due_at > %s AND due_at <= %s AND hold_reason = '' AND status IN ({statuses})
   AND (queued_at IS NULL OR queued_at < %s OR queued_at > %s) {not_leapt_over} {not_full} LIMIT 1
"""
_SQLITE = {"latest": "MAX", "now": "%s", "is_one_of": "IN (", "locked": "", "end": ")"}
# Workers that come at the same moment share what there is. The array is read once; a bare IN may be read again.
_POSTGRES = {"latest": "GREATEST", "now": "%s::timestamptz", "is_one_of": "= ANY(ARRAY(", "end": "))"}
_POSTGRES |= {"locked": "FOR UPDATE SKIP LOCKED"}


def has_work(now: datetime) -> bool:
    """Whether offer_due or recover_lapsed would find anything."""
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, _adapted(now + span("look_ahead"), *backlog.not_free_between(now), now))
        return cursor.fetchone() is not None


def offer_due(now: datetime, wake: Wake, *, busy: int = 0, ahead: timedelta | None = None) -> int:
    """Offer what is due within the look-ahead and not offered already; of what is overdue, only as much as fits.

    Tells how many rows it has decided about: offered, given a later turn, or given up as missed.
    """
    if not clock.is_steady():
        return 0
    ahead = span("look_ahead") if ahead is None else ahead
    statuses = MACHINE if switch.is_publishing_on() else SENT
    room = seats.room(busy)
    fresh = _mark(now, now - span("fresh"), now, statuses, room) if room else []
    seats.offered([pk for pk, _due_at in fresh], has_more=bool(room) and len(fresh) == room)
    _wake(wake, fresh, now)
    soon = _mark(now, now, now + ahead, statuses, AT_ONCE) if ahead else []
    _wake(wake, soon, now)
    late = overdue.work_off(now, statuses, room - len(fresh), seats.full_accounts())
    seats.offered([row.pk for row in late.offered], has_more=late.has_more or len(fresh) == room)
    _wake(wake, [(row.pk, row.due_at) for row in late.offered], now)
    if late.is_full and len(late.offered) < late.handled:
        ticks.bell.set()  # planning needs no thread: the next batch follows
    return len(fresh) + len(soon) + late.handled


def _wake(wake: Wake, rows: Sequence[tuple[int, datetime]], now: datetime) -> None:
    if rows:
        wake([(pk, max(now, due_at - span("lead"))) for pk, due_at in rows])
        crash.point("offered")


def _mark(
    now: datetime, after: datetime, until: datetime, statuses: Sequence[str], limit: int
) -> list[tuple[int, datetime]]:
    """Mark as offered what is due after one moment and until another; (delivery id, due_at), the earliest first."""
    # Ahead of time every account is offered: who will be full by then nobody knows.
    full = seats.full_accounts() if until <= now else []
    leap = clock.leap() or ()
    look, mark = _offer_sql(connection.vendor, len(statuses), len(full), bool(leap))
    instants = _adapted(*backlog.not_free_between(now), *leap)
    values = [*_adapted(after, until), *statuses, *instants, *full]
    with connection.cursor() as cursor:
        # To write nothing would still be to wait for whoever writes.
        cursor.execute(look, values)
        if cursor.fetchone() is None:
            return []
        with spared():
            cursor.execute(mark, [*_adapted(now), *values, limit])
            found = [(pk, _instant(due_at)) for pk, due_at in cursor.fetchall()]
    return sorted(found, key=lambda row: row[1])


@cache
def _offer_sql(vendor: str, statuses: int, full: int, has_leapt: bool) -> tuple[str, str]:
    """Whether there is anything to offer, and the offer of it."""
    words = _POSTGRES if vendor == "postgresql" else _SQLITE
    not_full = f"AND account_id NOT IN ({_places(full)})" if full else ""
    not_leapt_over = "AND NOT (due_at > %s AND due_at <= %s)" if has_leapt else ""
    named = {"statuses": _places(statuses), "not_full": not_full, "not_leapt_over": not_leapt_over}
    return _ANY_OFFER.format(**named), _OFFER.format(**words, **named)


def _adapted(*instants: datetime) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(instant) for instant in instants]


def _places(number: int) -> str:
    return ", ".join(["%s"] * number)


def _instant(value: Any) -> datetime:
    # SQLite keeps an instant as naive UTC, and knows it as text or not, by its version.
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
