"""Letting what was held go out again: what is overdue by then, said before, and what a person wants done with it.

What is decided is written in short transactions while the hold still stands; taking the hold off comes last. Who
dies in between leaves everything held, and may simply be asked again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from scheduler_ui.domain import overdue
from scheduler_ui.domain.brakes import cap_of
from scheduler_ui.domain.lateness import MOST_MINUTES, Policy, late_since
from scheduler_ui.domain.overdue import Decision
from scheduler_ui.models import WAITING, Account, Attempt, Delivery, Hold, LateThen, Status, User, Workspace

# Whoever lets more go is told "at least".
MOST = 10_000


@dataclass(frozen=True)
class Preview:
    """What taking a hold off would do, in deliveries: all that it lets go up to `most`, and how the overdue ones stand.

    `posts` counts the posts of the overdue ones; `latest` is how late the latest of those in time is; `braked` are
    more than may go to one account within an hour, should all of the overdue ones go out; `gap` are the seconds
    between two of an account, 0 where none has to wait for another.
    """

    waiting: int = 0
    overdue: int = 0
    posts: int = 0
    in_time: int = 0
    asked: int = 0
    skipped: int = 0
    latest: timedelta = timedelta()
    braked: int = 0
    gap: float = 0
    most: int = MOST

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
    """Three queries, however many rows."""
    facts = list(_facts(_overdue(rows, now)))
    late = [fact.policy for fact in facts if fact.is_too_late(now)]
    in_time = [now - fact.promised for fact in facts if not fact.is_too_late(now)]
    skipped = sum(policy.then == LateThen.SKIP for policy in late)
    return Preview(
        waiting=rows[:MOST].count(),
        overdue=len(facts),
        posts=len({fact.post for fact in facts}),
        in_time=len(in_time),
        asked=len(late) - skipped,
        skipped=skipped,
        latest=max(in_time, default=timedelta()),
        braked=_braked(facts),
        gap=_gap(facts),
    )


def _gap(facts: Sequence["Fact"]) -> float:
    """Workers send a backlog oldest first, one per account and gap; but what may be out already stands in no line."""
    in_line = Counter(fact.account for fact in facts if not fact.may_be_out)
    return float(settings.PUNCTUAL["catch_up_gap"]) if max(in_line.values(), default=0) > 1 else 0


def _braked(facts: Sequence["Fact"]) -> int:
    many = Counter(fact.account for fact in facts)
    accounts = Account.objects.filter(pk__in=many) if many else ()
    return sum(max(many[account.pk] - cap, 0) for account in accounts if (cap := cap_of(account)))


def carry_out(
    rows: QuerySet[Delivery], decision: Decision, release: Callable[[], object], *, actor: User, now: datetime
) -> int:
    """Decide what is overdue, then take the hold off; tell how many deliveries were decided."""
    done = overdue.decide(_overdue(rows, now), decision, actor=actor, now=now)
    release()
    return done


def _waiting(hold: Hold) -> QuerySet[Delivery]:
    """The last condition says no more than the first; by it the index of what is due is found."""
    return Delivery.objects.filter(status__in=WAITING, hold_reason=hold, due_at__isnull=False)


def _overdue(rows: QuerySet[Delivery], now: datetime) -> QuerySet[Delivery]:
    """Also what has been given a turn, later than its promise, in the line after an outage.

    No turn is later than a late policy may allow: by that the index of what is due is found.
    """
    in_line = Q(status=Status.SCHEDULED, scheduled_for__lt=now)
    return rows.filter(Q(due_at__lt=now) | in_line, due_at__lt=now + timedelta(minutes=MOST_MINUTES))


@dataclass(frozen=True)
class Fact:
    """One overdue delivery; `since`: from when on its policy counts. What may be out already is never missed."""

    post: int
    account: int
    promised: datetime
    since: datetime
    policy: Policy
    may_be_out: bool

    def is_too_late(self, now: datetime) -> bool:
        return not self.may_be_out and self.policy.is_too_late(self.since, now)


def _facts(rows: QuerySet[Delivery]) -> Iterator[Fact]:
    unsure = Attempt.objects.filter(delivery=OuterRef("pk"), key=OuterRef("key"), outcome="unconfirmed")
    found = rows.annotate(may_be_out=Exists(unsure)).values_list(
        *("post_id", "account_id", "may_be_out", "status", "scheduled_for", "due_at", "account__waits_until"),
        *("post__late_minutes", "post__late_then", "workspace__late_minutes", "workspace__late_then"),
    )
    for post, account, may_be_out, status, promised, due_at, waits_until, *policies in found.iterator():
        own, then, theirs, their_then = policies
        if promised and due_at:
            since = late_since(status, promised, due_at, waits_until)
            policy = Policy(theirs if own is None else own, then or their_then)
            yield Fact(post, account, promised, since, policy, may_be_out)
