"""The runaway brake, looked at in the transaction of the claim, so that it holds for all workers together.

SQLite has one writer. On PostgreSQL two workers must not look for the same words at the same moment, nor count the last
ones up to the cap: a look is made under a lock, until the transaction ends (migrations/0002_look.py asks the same).
"""

import hashlib
from datetime import datetime
from typing import Any

from django.db import connection

from scheduler_ui.domain import brakes
from scheduler_ui.engine import beats
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Delivery, Hold, Look, Often, Update, update_row

# How many went out to the account within the hour, this one apart and as far as it matters; and whether one of them
# was the same. Both by an index. The same at the same time of the next day is no runaway, whatever the clocks did.
_ON_SQLITE = """
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = %s AND marked_at > %s AND id <> %s LIMIT %s) AS sent),
       EXISTS (SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = %s AND text_sha256 = %s AND text_sha256 <> '' AND marked_at > %s AND scheduled_for > %s
           AND id <> %s AND status IN ('publishing', 'processing', 'published', 'unconfirmed'))
"""
# Beside all locks of rows, so that nobody waits in a circle.
_ON_POSTGRESQL = Often("""
SELECT sent, is_repeated FROM scheduler_ui_look(
    %s::bigint, %s::bigint, %s::text, %s::bigint, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s::bigint)
""")
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


def look(delivery: Delivery, now: datetime) -> Look | None:
    """What a claim on PostgreSQL may ask in its own statement, to go on where nothing comes near the brake.

    Where something does, `stops` has to say. None on SQLite, where a claim is several statements anyway.
    """
    if connection.vendor != "postgresql":
        return None
    cap = brakes.cap_of(delivery.account)
    asked = _ON_POSTGRESQL, _values(delivery, cap, now, _same_words(delivery))
    return Look(*asked, "NOT is_repeated AND sent < %s", [max(cap - beats.threads_alive(), 0) if cap else 1])


def _hold(delivery: Delivery, cap: int, now: datetime) -> Hold:
    sent, is_repeated = _sent(delivery, cap, now, _same_words(delivery))
    if connection.vendor == "postgresql" and cap and sent + beats.threads_alive() >= cap:
        sent, is_repeated = _sent(delivery, cap, now, ("cap", delivery.account_id))
    if is_repeated:
        return Hold.REPEAT
    return Hold.BRAKE if cap and sent >= cap else Hold.NONE


def _same_words(delivery: Delivery) -> tuple[object, ...]:
    return "text", delivery.account_id, delivery.text_sha256


def _sent(delivery: Delivery, cap: int, now: datetime, lock: tuple[object, ...]) -> tuple[int, bool]:
    sql = _ON_POSTGRESQL if connection.vendor == "postgresql" else _ON_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(delivery, cap, now, lock))
        sent, is_repeated = cursor.fetchone()
    return sent, bool(is_repeated)


def _values(delivery: Delivery, cap: int, now: datetime, lock: tuple[object, ...]) -> list[Any]:
    promise = delivery.scheduled_for or now
    instants = now - span("brake_span"), now - span("repeat_span"), promise - SHORT_DAY * span("repeat_span")
    sent_after, *same_after = (connection.ops.adapt_datetimefield_value(instant) for instant in instants)
    account, text, own = delivery.account_id, delivery.text_sha256, delivery.pk
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.sha256(repr(lock).encode()).digest()[:8], signed=True)
        return [number, account, text, own, sent_after, *same_after, cap]
    return [account, sent_after, own, cap, account, text, *same_after, own]
