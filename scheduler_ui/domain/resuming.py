"""Letting what was held go out again: what is overdue by then, said before, and what a person wants done with it.

What is decided is written in short transactions while the hold still stands; taking the hold off comes last. Who
dies in between leaves everything held, and may simply be asked again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from scheduler_ui.domain import overdue
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.domain.overdue import Decision
from scheduler_ui.models import WAITING, Account, Attempt, Delivery, Hold, LateThen, User, Workspace


@dataclass(frozen=True)
class Preview:
    """What taking a hold off would do, in deliveries: all that it lets go, and how the overdue ones stand.

    `posts` counts the posts of the overdue ones; `latest` is how late the latest of those in time is.
    """

    waiting: int = 0
    overdue: int = 0
    posts: int = 0
    in_time: int = 0
    asked: int = 0
    skipped: int = 0
    latest: timedelta = timedelta()

    @property
    def too_late(self) -> int:
        return self.asked + self.skipped


def of_account(account: Account) -> QuerySet[Delivery]:
    """What resuming the account lets go: nothing while its workspace is paused as well."""
    if account.workspace.is_paused or not account.is_connected:
        return Delivery.objects.none()
    return _waiting(Hold.PAUSED).filter(account=account)


def of_lost(account: Account) -> QuerySet[Delivery]:
    """What connecting the account again lets go."""
    if account.workspace.is_paused or account.is_paused:
        return Delivery.objects.none()
    return _waiting(Hold.RECONNECT).filter(account=account)


def of_workspace(workspace: Workspace) -> QuerySet[Delivery]:
    free = {"account__is_paused": False, "account__state": Account.State.CONNECTED}
    return _waiting(Hold.PAUSED).filter(workspace=workspace, **free)


def of_everything() -> QuerySet[Delivery]:
    """What switching publishing on lets go."""
    return _waiting(Hold.NONE)


def preview(rows: QuerySet[Delivery], now: datetime) -> Preview:
    """Two queries, however many rows."""
    facts = _facts(rows.filter(due_at__lt=now))
    in_time = [now - due_at for due_at, _post, policy in facts if policy is None or not policy.is_too_late(due_at, now)]
    late = [policy for due_at, _post, policy in facts if policy is not None and policy.is_too_late(due_at, now)]
    skipped = sum(policy.then == LateThen.SKIP for policy in late)
    return Preview(
        waiting=rows.count(),
        overdue=len(facts),
        posts=len({post for _due_at, post, _policy in facts}),
        in_time=len(in_time),
        asked=len(late) - skipped,
        skipped=skipped,
        latest=max(in_time, default=timedelta()),
    )


def carry_out(
    rows: QuerySet[Delivery], decision: Decision, release: Callable[[], object], *, actor: User, now: datetime
) -> int:
    """Decide what is overdue, then take the hold off; tell how many deliveries were decided."""
    done = overdue.decide(rows.filter(due_at__lt=now), decision, actor=actor, now=now)
    release()
    return done


def _waiting(hold: Hold) -> QuerySet[Delivery]:
    return Delivery.objects.filter(status__in=WAITING, hold_reason=hold)


def _facts(rows: QuerySet[Delivery]) -> list[tuple[datetime, int, Policy | None]]:
    """(due, post, its late policy) of each; no policy for what may be out already, which is never missed."""
    unsure = Attempt.objects.filter(delivery=OuterRef("pk"), key=OuterRef("key"), outcome="unconfirmed")
    found = rows.annotate(is_unsure=Exists(unsure)).values_list(
        "due_at",
        "post_id",
        "is_unsure",
        "post__late_minutes",
        "post__late_then",
        "workspace__late_minutes",
        "workspace__late_then",
    )
    return [
        (due_at, post, None if is_unsure else Policy(theirs if own is None else own, then or their_then))
        for due_at, post, is_unsure, own, then, theirs, their_then in found.iterator()
        if due_at
    ]
