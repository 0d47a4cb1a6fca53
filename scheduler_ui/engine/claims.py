"""Leases: how one worker becomes the only one to act on a row, and how the others learn when it is gone."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Model, Q

from scheduler_ui.domain.brakes import text_sha256
from scheduler_ui.engine import beats, brakes, ledger
from scheduler_ui.models import Attempt, Delivery, Move, Status, insert_row


def new_token() -> str:
    return secrets.token_hex(16)


def take(row: Model, now: datetime, lease: timedelta, **as_read: Any) -> str | None:
    """Take the lease of any row with `token` and `lease_until`; None: somebody else holds it, or it has changed."""
    token = new_token()
    free = Q(token="") | Q(lease_until__lt=now)
    rows = type(row)._default_manager.filter(free, pk=row.pk, **as_read)
    return token if rows.update(token=token, lease_until=now + lease) == 1 else None


def release(row: Model, token: str) -> None:
    type(row)._default_manager.filter(pk=row.pk, token=token).update(token="", lease_until=None)


def claim(  # noqa: PLR0913 - each is named by the caller
    delivery: Delivery, *, now: datetime, lease: timedelta, key: str, payload: dict[str, Any], worker: str
) -> Attempt | None:
    """Become the one who sends: status, token, lease, payload and Attempt in one durable commit, which is the mark.

    None: somebody changed, held or claimed it since it was read.
    """
    token = new_token()
    until = now + lease
    changes: dict[str, Any] = {"token": token, "lease_until": until, "due_at": until, "key": key, "payload": payload}
    changes |= {"tries": delivery.tries + 1, "marked_at": now, "queued_at": None}
    changes["text_sha256"] = delivery.text_sha256 = text_sha256(delivery)
    opened: dict[str, Any] = {"key": key, "token": token, "marked_at": now, "worker": worker}
    opened |= {"due_at": delivery.due_at, "worker_since": beats.SINCE}
    attempt = Attempt(delivery=delivery, kind=Attempt.Kind.SEND, number=1, **opened)
    # A lease for preparing is no obstacle: what it saves later is fenced off by the new token.
    move = Move(delivery, Status.PUBLISHING, fence=("hold_reason", "due_at"), then=attempt, **changes)
    return attempt if _is_made(move, attempt, now) else None


def _is_made(move: Move, attempt: Attempt, now: datetime) -> bool:
    """In one statement where that can be."""
    delivery = move.delivery
    is_first = delivery.marked_at is None
    if is_first and not brakes.may_stop(delivery):
        return ledger.move(move)
    look = brakes.look(delivery, now) if is_first else None
    if look is not None and ledger.move(move.after(look)):
        return True

    def mark() -> bool:
        if brakes.stops(delivery, now):
            return False
        if not is_first:
            attempt.number = _next_number(delivery, Attempt.Kind.SEND)
        return move.make()

    return ledger.write(mark, delivery)


def open_next(delivery: Delivery, kind: str, *, now: datetime) -> Attempt:
    """The next attempt of its kind; the row's lock keeps two workers from giving it one number."""
    with transaction.atomic():
        Delivery.objects.select_for_update(no_key=True).values_list("pk").get(pk=delivery.pk)
        return open_attempt(delivery, kind, _next_number(delivery, kind), now=now, worker=beats.worker_name())


def _next_number(delivery: Delivery, kind: str) -> int:
    return (delivery.attempts.filter(kind=kind).aggregate(last=Max("number"))["last"] or 0) + 1


def open_attempt(delivery: Delivery, kind: str, number: int, *, now: datetime, worker: str) -> Attempt:
    attempt = Attempt(delivery=delivery, kind=kind, number=number, key=delivery.key, token=delivery.token)
    attempt.marked_at, attempt.worker = now, worker
    insert_row(attempt)
    return attempt
