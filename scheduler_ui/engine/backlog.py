"""What is overdue and not on its way, as the engine reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.db.models import Q, QuerySet

from scheduler_ui.domain import lateness
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.engine import clock
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import WAITING, Delivery, LateThen


@dataclass(frozen=True)
class Row:
    """One overdue delivery, with what its late policy is told by."""

    pk: int
    workspace_id: int
    account_id: int
    status: str
    key: str
    due_at: datetime
    scheduled_for: datetime
    queued_at: datetime | None
    waits_until: datetime | None
    post_minutes: int | None
    minutes: int
    post_then: str
    then: str

    @classmethod
    def of(cls, delivery: Delivery) -> "Row":
        """Of one that was read in full."""
        return cls(*_of_delivery(delivery))

    @property
    def policy(self) -> Policy:
        return Policy(self.minutes if self.post_minutes is None else self.post_minutes, self.post_then or self.then)

    @property
    def late_since(self) -> datetime:
        return lateness.late_since(self.status, self.scheduled_for, self.due_at, self.waits_until)

    def is_too_late(self, at: datetime) -> bool:
        return self.status in WAITING and self.policy.is_too_late(self.late_since, at)

    @property
    def is_skipped_then(self) -> bool:
        """Whether nobody is asked once it is too late."""
        return self.policy.then == LateThen.SKIP

    @property
    def is_planned(self) -> bool:
        """It has been offered before, or been given its turn: it does not stand in line a second time."""
        return self.queued_at is not None or self.status not in WAITING


COLUMNS = (
    *("pk", "workspace_id", "account_id", "status", "key", "due_at", "scheduled_for", "queued_at"),
    *("account__waits_until", "post__late_minutes", "workspace__late_minutes"),
    *("post__late_then", "workspace__late_then"),
)
_of_delivery = attrgetter(*(name.replace("__", ".") for name in COLUMNS))


def not_free_between(now: datetime) -> tuple[datetime, datetime]:
    """What was offered between these two may still be on its way.

    Before the first it was in vain, and after the second it can only have been by a wrong clock.
    """
    return now - span("reoffer"), now + 2 * span("look_ahead")


def of(now: datetime, statuses: Sequence[str], full_accounts: Sequence[int]) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(status__in=statuses, hold_reason="", due_at__lte=now - span("fresh"))
    before, after = not_free_between(now)
    rows = rows.filter(Q(queued_at__isnull=True) | Q(queued_at__lt=before) | Q(queued_at__gt=after))
    if leap := clock.leap():
        rows = rows.exclude(due_at__gt=leap[0], due_at__lte=leap[1])
    return rows.exclude(account_id__in=full_accounts) if full_accounts else rows


def oldest(rows: QuerySet[Delivery], limit: int) -> list[Row]:
    """Several workers share a backlog: what one of them holds the others skip."""
    locked = rows.select_for_update(skip_locked=True, of=("self",)).order_by("due_at")
    return [Row(*values) for values in locked.values_list(*COLUMNS)[:limit]]
