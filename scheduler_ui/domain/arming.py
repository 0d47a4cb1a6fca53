"""Promising a delivery for an instant: saved is armed."""

from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.domain.holds import hold_for
from scheduler_ui.domain.refusals import AlreadyStarted, started_sentence
from scheduler_ui.models import WAITING, Account, Delivery, Status, move_to


def next_second(now: datetime) -> datetime:
    return now.replace(microsecond=0) + timedelta(seconds=1)


def rearm(delivery: Delivery, at: datetime | None, *, is_armed: bool, **changes: Any) -> None:
    """Promise a delivery for `at`; whatever was offered, prepared or tried for the old promise is void.

    Raises AlreadyStarted when a worker was faster.
    """
    changes |= {"scheduled_for": at, "version": delivery.version + 1, "queued_at": None, "prepared": None}
    # Read here, in the writing transaction: whoever holds the account's rows now must not be overwritten.
    account = Account.objects.select_for_update(no_key=True).get(pk=delivery.account_id)
    changes |= {"tries": 0, "lookups": 0, "error": "", "hold_reason": hold_for(account, delivery.post), "held_for": ""}
    changes["is_skipped"] = False
    if not is_armed:
        Delivery.objects.filter(pk=delivery.pk).update(**changes, due_at=None)
        return
    changes["due_at"] = at
    if delivery.status == Status.SCHEDULED:
        as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, version=delivery.version)
        is_moved = as_read.update(**changes) == 1
    else:
        is_moved = move_to(delivery, Status.SCHEDULED, **changes)
    if not is_moved:
        raise AlreadyStarted(started_sentence())


def put(delivery: Delivery, at: datetime | None, status: str, **changes: Any) -> None:
    """Arm a delivery, or take it back to a draft; one that has ended stays ended until it is armed again."""
    if status == Status.SCHEDULED:
        rearm(delivery, at, is_armed=True, **changes)
        return
    if delivery.status in WAITING and not move_to(delivery, Status.DRAFT, due_at=None):
        raise AlreadyStarted(started_sentence())
    rearm(delivery, at, is_armed=False, **changes)
