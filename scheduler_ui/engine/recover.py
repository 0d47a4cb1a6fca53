"""Finding what a dead worker left behind."""

import logging
from datetime import datetime

from scheduler_ui.engine import settle
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Delivery, Status

logger = logging.getLogger(__name__)
AT_ONCE = 100
STOPPED = "The worker that was sending it stopped before it had an answer."


def recover_lapsed(now: datetime) -> int:
    """A claim whose lease has lapsed may have been sent or not: unconfirmed, always."""
    lapsed = Delivery.objects.filter(status=Status.PUBLISHING, due_at__lte=now, lease_until__lte=now)
    recovered = 0
    for delivery in lapsed.select_related("account", "post", "workspace").order_by("due_at")[:AT_ONCE]:
        try:
            is_ours = settle.unconfirmed(delivery, now, STOPPED)
        except Exception:
            # One row that cannot be read must not keep the others from being recovered.
            logger.exception("%s could not be recovered", delivery.public_id)
            continue
        if is_ours:
            logger.warning("recovered %s: its worker stopped while it was publishing", delivery.public_id)
            recovered += 1
    return recovered


def forget_offers(now: datetime) -> int:
    """The queue is away, was emptied or begun anew: whatever was offered has to be offered again, at the next tick.

    Not as if it never had been: of a backlog, what has its turn keeps it.
    """
    offered = {"due_at__lte": now + span("look_ahead"), "queued_at__gte": now - span("reoffer")}
    return Delivery.objects.filter(**offered, hold_reason="").update(queued_at=now - 2 * span("reoffer"))
