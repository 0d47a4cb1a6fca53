"""Waking workers for what the machine must do next. An offer decides nothing: the claim does."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When

from scheduler_ui.domain import telling
from scheduler_ui.engine import clock, crash, ledger, switch, touches
from scheduler_ui.engine.numbers import late_limit, span
from scheduler_ui.models import WAITING, Attempt, Delivery, Notice, Status, move_to

logger = logging.getLogger(__name__)

# Wakes a worker for a delivery id at an aware UTC instant.
Wake = Callable[[int, datetime], object]
MACHINE = [Status.SCHEDULED, Status.RETRYING, Status.PROCESSING, Status.UNCONFIRMED]
FRESH = timedelta(seconds=5)
AT_ONCE = 500


# Asked four times a second by every worker: built as a queryset it would cost ten times what running it does.
_ANYTHING = """
SELECT 1 FROM scheduler_ui_delivery
 WHERE due_at <= %s AND hold_reason = '' AND (queued_at IS NULL OR queued_at < %s OR queued_at > %s)
   AND (status <> 'publishing' OR due_at <= %s) LIMIT 1
"""


def has_work(now: datetime) -> bool:
    """Whether offer_due or recover_lapsed would find anything."""
    moments = [now + span("look_ahead"), now - span("reoffer"), now + 2 * span("look_ahead"), now]
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, [connection.ops.adapt_datetimefield_value(moment) for moment in moments])
        return cursor.fetchone() is not None


def offer_due(now: datetime, wake: Wake, *, busy: int = 0, ahead: timedelta | None = None) -> int:
    """Offer what is due within the look-ahead and not offered already; of what is overdue, only as much as fits."""
    if not clock.is_steady():
        return 0
    ahead = span("look_ahead") if ahead is None else ahead
    statuses = MACHINE if switch.is_publishing_on() else [Status.PROCESSING, Status.UNCONFIRMED]
    rows = (
        Delivery.objects.filter(status__in=statuses, hold_reason="")
        .filter(_is_free(now))
        .select_related("account", "workspace", "post")
    )
    soon = rows.filter(due_at__gt=now, due_at__lte=now + ahead).order_by("due_at")[:AT_ONCE]
    offered = 0
    for delivery in [*_overdue(rows, now, busy), *soon]:
        try:
            offered += _offer_or_miss(delivery, now, wake)
        except Exception:
            # One row that cannot be read must not keep the others waiting.
            logger.exception("%s could not be offered", delivery.public_id)
    if offered:
        crash.point("offered")
    return offered


def _is_free(now: datetime) -> Q:
    """Not offered, or in vain; what is said to have been offered in a far future was so by a wrong clock."""
    lost = Q(queued_at__lt=now - span("reoffer")) | Q(queued_at__gt=now + 2 * span("look_ahead"))
    leap = clock.leap()
    free = Q(queued_at__isnull=True) | lost
    return free & ~Q(due_at__gt=leap[0], due_at__lte=leap[1]) if leap else free


def _overdue(rows: QuerySet[Delivery], now: datetime, busy: int) -> list[Delivery]:
    """Rows due in the last seconds go before a backlog; the backlog goes out oldest first."""
    free = max(settings.PUNCTUAL["threads"] - busy, 0)
    is_backlog = Case(When(due_at__gte=now - FRESH, then=Value(0)), default=Value(1))
    return list(rows.filter(due_at__lte=now).order_by(is_backlog, "due_at")[: 2 * free])


def _offer_or_miss(delivery: Delivery, now: datetime, wake: Wake) -> bool:
    assert delivery.due_at is not None  # both queries asked for it
    if _is_too_late(delivery, delivery.due_at, now):
        _miss(delivery, now)
        return False
    return _offer(delivery, delivery.due_at, now, wake)


def _offer(delivery: Delivery, due_at: datetime, now: datetime, wake: Wake) -> bool:
    eta = max(now, due_at - span("lead"))
    as_read = Delivery.objects.filter(pk=delivery.pk, version=delivery.version, queued_at=delivery.queued_at)
    if as_read.update(queued_at=eta) != 1:
        return False
    wake(delivery.pk, eta)
    return True


def _is_too_late(delivery: Delivery, due_at: datetime, now: datetime) -> bool:
    # due_at, not scheduled_for: a retry's or a rate limit's own waiting does not count.
    if delivery.status not in WAITING or now - due_at <= late_limit(delivery.workspace.late_minutes):
        return False
    # What may be out already was not missed.
    return not delivery.attempts.filter(key=delivery.key, outcome=Attempt.Outcome.UNCONFIRMED).exists()


def _miss(delivery: Delivery, now: datetime) -> None:
    def miss() -> bool:
        if not move_to(delivery, Status.MISSED, due_at=None, settled_at=now, queued_at=None):
            return False
        telling.tell(Notice.Kind.MISSED, delivery, now)
        return True

    if ledger.write(miss, delivery):
        logger.warning("missed %s to %s: no worker sent it in time", delivery.public_id, delivery.account.handle)
        touches.add(delivery.workspace_id)
