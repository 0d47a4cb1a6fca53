"""The name under which a delivery is sent: the same for every try of it, and again after a restored backup."""

import hashlib

from scheduler_ui.models import Attempt, Delivery
from scheduler_ui.platforms.base import Platform


def key_of(delivery: Delivery, platform: Platform) -> str:
    """The key in use, or else the one that follows from what the database holds.

    Two histories that part at a backup choose the same key for the first send after it, so that a platform that knows
    it tells what went out in the history that was lost.
    """
    if delivery.key:
        return delivery.key
    seed = f"{delivery.public_id}:{_used(delivery)}"
    at = delivery.scheduled_for or delivery.created_at
    return platform.new_key(at, seed) or hashlib.sha256(seed.encode()).hexdigest()[:32]


def _used(delivery: Delivery) -> int:
    """How many keys it has been sent under: an edit after a send begins the next one."""
    if delivery.marked_at is None:
        return 0
    sends = delivery.attempts.filter(kind=Attempt.Kind.SEND).exclude(key="")
    return sends.values("key").distinct().order_by().count()
