"""Finding what a dead worker left behind."""

import logging
from datetime import datetime

from scheduler_ui.engine import settle
from scheduler_ui.models import Delivery, Status

logger = logging.getLogger(__name__)
AT_ONCE = 100


def recover_lapsed(now: datetime) -> int:
    """A claim whose lease has lapsed may have been sent or not: unconfirmed, always."""
    lapsed = Delivery.objects.filter(status=Status.PUBLISHING, due_at__lte=now, lease_until__lte=now)
    recovered = 0
    for delivery in lapsed.select_related("account", "post", "workspace").order_by("due_at")[:AT_ONCE]:
        if settle.unconfirmed(delivery, now, "The worker that was sending it stopped before it had an answer."):
            logger.warning("recovered %s: its worker stopped while it was publishing", delivery.public_id)
            recovered += 1
    return recovered
