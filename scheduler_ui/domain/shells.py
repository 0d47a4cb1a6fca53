"""What stands around every page: how much needs a person, what is next, whether anything goes out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery

from scheduler_ui.domain import notices
from scheduler_ui.models import Account, Delivery, Installation, Membership, Status, Worker, Workspace

# Beyond this a page says "99+".
MANY = 100
TROUBLE = (Status.FAILED, Status.MISSED, Status.UNCONFIRMED)


@dataclass(frozen=True)
class Shell:
    """One member's surroundings. `trouble` counts what failed, was missed or asks."""

    accounts: list[Account]
    trouble: int
    unread: int
    next_due_at: datetime | None
    beat_at: datetime | None
    is_worker_alive: bool
    is_publishing_on: bool

    @property
    def lost_accounts(self) -> int:
        return sum(account.state == Account.State.RECONNECT for account in self.accounts)

    @property
    def trouble_label(self) -> str:
        return label(self.trouble)

    @property
    def unread_label(self) -> str:
        return label(self.unread)

    @property
    def is_switched_by_environment(self) -> bool:
        return settings.SCHEDULING_ENABLED is not None


def look(member: Membership, now: datetime) -> Shell:
    """Two queries."""
    around = Workspace.objects.filter(pk=member.workspace_id).values_list(*_around(member)).get()
    trouble, unread, next_due_at, beat_at, is_on = around
    accounts = Account.objects.filter(workspace_id=member.workspace_id).exclude(state=Account.State.DISCONNECTED)
    gone = timedelta(seconds=settings.PUNCTUAL["worker_gone"])
    return Shell(
        accounts=sorted(accounts, key=lambda account: str(account).casefold()),
        trouble=trouble or 0,
        unread=unread or 0,
        next_due_at=next_due_at,
        beat_at=beat_at,
        is_worker_alive=beat_at is not None and now - beat_at <= gone,
        is_publishing_on=_is_on(is_on),
    )


def _around(member: Membership) -> list[Subquery]:
    """One round trip for all of them: this stands around every page."""
    mine = Delivery.objects.filter(workspace_id=OuterRef("pk"))
    due = mine.filter(due_at__isnull=False, hold_reason="").order_by("due_at")
    return [
        _counted(mine.filter(status__in=TROUBLE, post__deleted_at__isnull=True)),
        _counted(notices.unread(member)),
        Subquery(due.values("due_at")[:1]),
        Subquery(Worker.objects.order_by("-beat_at").values("beat_at")[:1]),
        Subquery(Installation.objects.filter(pk=1).values("scheduling_enabled")[:1]),
    ]


def _counted(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by().values("workspace").annotate(number=Count("*")).values("number"))


def label(count: int) -> str:
    return f"{MANY - 1}+" if count >= MANY else str(count)


def _is_on(button: bool | None) -> bool:
    """The environment stands over the button, and no row yet means on."""
    if settings.SCHEDULING_ENABLED is not None:
        return bool(settings.SCHEDULING_ENABLED)
    return button is None or bool(button)
