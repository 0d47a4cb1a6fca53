"""A platform's own limits, kept before it has to refuse: what would exceed one waits for its turn."""

from datetime import datetime

from scheduler_ui.domain import platform_tools
from scheduler_ui.engine import budgets, touches
from scheduler_ui.models import Delivery, Update, update_row
from scheduler_ui.platforms.base import Platform
from scheduler_ui.platforms.rates import Rate


def must_wait(delivery: Delivery, platform: Platform, now: datetime) -> bool:
    """Whether a limit is used up; then the delivery is due again when it has its turn. No try is counted."""
    for rate in platform.rates:
        key = _key(delivery, rate)
        opens_at = budgets.take(key, rate, now)
        if opens_at is not None:
            # Each its own moment: were all due when the next one is free, all but one would come in vain.
            _wait(delivery, budgets.line_up(f"{key}:line", rate.interval, opens_at))
            return True
    return False


def _key(delivery: Delivery, rate: Rate) -> str:
    account = delivery.account
    whose = f"account:{account.pk}" if rate.scope == "account" else platform_tools.network_of(account)[:80]
    return f"{whose}:{rate.limit}/{rate.per.total_seconds():g}"


def _wait(delivery: Delivery, until: datetime) -> None:
    as_read = {"status": delivery.status, "version": delivery.version, "due_at": delivery.due_at}
    if update_row(Update(Delivery, delivery.pk, {"due_at": until, "queued_at": None}, as_read)):
        touches.add(delivery.workspace_id)
