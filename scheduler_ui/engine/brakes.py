"""The runaway brake, looked at in the transaction of the claim, so that it holds for all workers together."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import connection

from scheduler_ui.domain import brakes
from scheduler_ui.engine import beats
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Delivery, Hold, Update, update_row

# How many went out to the account within the hour, this one apart and as far as it matters; and whether one of them
# was the same. Both by an index. The same at the same time of the next day is no runaway, whatever the clocks did.
_LOOK = """
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = %s AND marked_at > %s AND id <> %s LIMIT %s) AS sent),
       EXISTS (SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = %s AND text_sha256 = %s AND text_sha256 <> '' AND marked_at > %s AND scheduled_for > %s
           AND id <> %s AND status IN ('publishing', 'processing', 'published', 'unconfirmed'))
"""
# Of a day: the shortest one, when the clocks go forward, has 23 hours.
SHORT_DAY = 23 / 24


def stops(delivery: Delivery, now: datetime) -> bool:
    """Whether this claim must not be made; then the delivery is held, and a person is told."""
    if not may_stop(delivery):
        return False
    hold = _hold(delivery, brakes.cap_of(delivery.account), now)
    if hold:
        as_read = {"status": delivery.status, "version": delivery.version, "hold_reason": Hold.NONE}
        if update_row(Update(Delivery, delivery.pk, {"hold_reason": hold, "queued_at": None}, as_read)):
            brakes.tell(delivery, hold, now)
    return bool(hold)


def may_stop(delivery: Delivery) -> bool:
    """Whether there is anything to look at."""
    return not delivery.is_brake_waived and bool(brakes.cap_of(delivery.account) or span("repeat_span"))


def _hold(delivery: Delivery, cap: int, now: datetime) -> Hold:
    if connection.vendor == "postgresql":
        # Two workers must not look for the same words at the same moment, nor count the last ones up to the cap.
        _lock("text", delivery.account_id, delivery.text_sha256)
    sent, is_repeated = _sent(delivery, cap, now)
    if connection.vendor == "postgresql" and cap and sent + beats.threads_alive() >= cap:
        _lock("cap", delivery.account_id)
        sent, is_repeated = _sent(delivery, cap, now)
    if is_repeated:
        return Hold.REPEAT
    return Hold.BRAKE if cap and sent >= cap else Hold.NONE


def _sent(delivery: Delivery, cap: int, now: datetime) -> tuple[int, bool]:
    promise = delivery.scheduled_for or now
    instants = _adapted(now - span("brake_span"), now - span("repeat_span"), promise - SHORT_DAY * span("repeat_span"))
    mine = (delivery.account_id, delivery.text_sha256)
    values = [mine[0], instants[0], delivery.pk, cap, *mine, *instants[1:], delivery.pk]
    with connection.cursor() as cursor:
        cursor.execute(_LOOK, values)
        sent, is_repeated = cursor.fetchone()
    return sent, bool(is_repeated)


def _lock(*names: object) -> None:
    """Until the transaction ends; beside all locks of rows, so that nobody waits in a circle."""
    number = hashlib.sha256(repr(names).encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(number, signed=True)])


def _adapted(*instants: datetime) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(instant) for instant in instants]
