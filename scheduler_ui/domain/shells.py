"""What stands around every page: how much needs a person, what is next, whether anything goes out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Abs

from scheduler_ui.domain import notices
from scheduler_ui.domain.queues import Counted
from scheduler_ui.models import Account, Delivery, Installation, Membership, Tab, Worker, Workspace

# Beyond this a page says "99+".
MANY = 100


@dataclass(frozen=True)
class Pause:
    """Of the workspace: since when, and who said so ('' where nobody knows any more)."""

    at: datetime | None
    by: str


@dataclass(frozen=True)
class Shell:
    """One member's surroundings. `trouble` counts what failed, was missed, stopped or asks.

    `is_due`: the next one's time has come; `off_clock` names the living worker whose clock is wrong by most, with its
    offset in ms; `restored_from` is the moment of the backup that the database was restored from, while that matters.
    """

    accounts: list[Account]
    trouble: int
    unread: int
    next_due_at: datetime | None
    is_due: bool
    beat_at: datetime | None
    is_worker_alive: bool
    is_publishing_on: bool
    pause: Pause | None
    off_clock: tuple[str, int] | None
    is_queue_away: bool
    restored_from: datetime | None

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
    def off_clock_span(self) -> timedelta:
        return timedelta(milliseconds=abs(self.off_clock[1])) if self.off_clock else timedelta()

    @property
    def is_switched_by_environment(self) -> bool:
        return settings.SCHEDULING_ENABLED is not None


def look(member: Membership, now: datetime) -> Shell:
    """Two queries."""
    gone = timedelta(seconds=settings.PUNCTUAL["worker_gone"])
    workspace = Workspace.objects.filter(pk=member.workspace_id)
    parts = _around(member, now - gone)
    around = workspace.annotate(**parts).values(*_OWN, *parts).get()
    accounts = Account.objects.filter(workspace_id=member.workspace_id).exclude(state=Account.State.DISCONNECTED)
    due_at, beat_at, host = around["next_due_at"], around["beat_at"], around["off_host"]
    return Shell(
        accounts=sorted(accounts, key=lambda account: str(account).casefold()),
        trouble=around["failed"] + around["asking"],
        unread=around["unread"],
        next_due_at=due_at,
        is_due=due_at is not None and due_at <= now,
        beat_at=beat_at,
        is_worker_alive=beat_at is not None and now - beat_at <= gone,
        is_publishing_on=_is_on(around["is_on"]),
        pause=_pause(around),
        off_clock=(host, around["off_by"]) if host else None,
        is_queue_away=bool(around["is_queue_away"]),
        restored_from=_to_the_minute(around["restored_from"]),
    )


_OWN = ("is_paused", "paused_at", "paused_by__name", "paused_by__email")


def _around(member: Membership, alive_since: datetime) -> dict[str, Subquery]:
    """One round trip for all of them: this stands around every page."""
    mine = Delivery.objects.filter(workspace_id=OuterRef("pk"))
    due = mine.filter(due_at__isnull=False, hold_reason="").order_by("due_at")
    alive = Worker.objects.filter(beat_at__gte=alive_since)
    # The same one twice: a subquery gives one value.
    off = alive.filter(is_clock_off=True).order_by(Abs("clock_offset_ms").desc(), "pk")
    installation = Installation.objects.filter(pk=1)
    return {
        "failed": Counted(mine.filter(tab=Tab.FAILED).order_by("scheduled_for", "pk"), MANY),
        "asking": Counted(mine.filter(tab=Tab.NEEDS_YOU).order_by("scheduled_for", "pk"), MANY),
        "unread": Counted(notices.unread(member), MANY),
        "next_due_at": Subquery(due.values("due_at")[:1]),
        "beat_at": Subquery(Worker.objects.order_by("-beat_at").values("beat_at")[:1]),
        "is_on": Subquery(installation.values("scheduling_enabled")[:1]),
        "off_host": Subquery(off.values("host")[:1]),
        "off_by": Subquery(off.values("clock_offset_ms")[:1]),
        "is_queue_away": Subquery(alive.filter(is_queue_away=True).values("is_queue_away")[:1]),
        "restored_from": Subquery(installation.values("restored_from")[:1]),
    }


def _pause(around: dict[str, Any]) -> Pause | None:
    if not around["is_paused"]:
        return None
    return Pause(_to_the_minute(around["paused_at"]), around["paused_by__name"] or around["paused_by__email"] or "")


def _to_the_minute(at: datetime | None) -> datetime | None:
    return at and at.replace(second=0, microsecond=0)


def label(count: int) -> str:
    return f"{MANY - 1}+" if count >= MANY else str(count)


def _is_on(button: bool | None) -> bool:
    """The environment stands over the button, and no row yet means on."""
    if settings.SCHEDULING_ENABLED is not None:
        return bool(settings.SCHEDULING_ENABLED)
    return button is None or bool(button)
