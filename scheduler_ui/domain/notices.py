"""What a person should know: one row per event for everybody in the workspace, read and mailed per member."""

from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q, QuerySet

from scheduler_ui.domain import boards
from scheduler_ui.domain.holds import BRAKES
from scheduler_ui.models import Account, Delivery, Membership, Notice, Status, Workspace

# Whoever never opens the bell is still told at once.
NEWEST = 1000
# How long what a notice asks is still a question.
OPEN_WHILE = {
    Notice.Kind.FAILED: Status.FAILED,
    Notice.Kind.MISSED: Status.MISSED,
    Notice.Kind.ASKED: Status.UNCONFIRMED,
}


def tell(  # noqa: PLR0913 - a notice has that many parts, all named by the caller
    kind: str,
    workspace: Workspace,
    *,
    title: str,
    body: str,
    event_key: str,
    now: datetime,
    delivery: Delivery | None = None,
    account: Account | None = None,
) -> bool:
    """Put something under the bell, unless this very event has been told; tell whether it is new."""
    words = {"title": title[:200], "body": body[:600], "created_at": now}
    about = {"kind": kind, "workspace": workspace, "delivery": delivery, "account": account}
    with transaction.atomic():
        _notice, is_new = Notice.objects.get_or_create(event_key=event_key[:80], defaults=words | about)
        if is_new:
            boards.touch(workspace.pk)
    return is_new


def seen_by(member: Membership) -> QuerySet[Notice]:
    """Newest first; what was told before somebody joined is not theirs."""
    mine = Notice.objects.filter(workspace_id=member.workspace_id, created_at__gte=member.joined_at)
    return mine.order_by("-id")


def unread(member: Membership) -> QuerySet[Notice]:
    """What nobody has answered meanwhile, of the newest: an answered question asks nothing any more."""
    newest = seen_by(member).filter(id__gt=member.notices_read_to).values("pk")[:NEWEST]
    return Notice.objects.filter(pk__in=newest).exclude(answered())


def answered() -> Q:
    """Of a notice: what it is about has been decided, by whomever."""
    overs = [Q(kind=kind, delivery__isnull=False) & ~Q(delivery__status=status) for kind, status in OPEN_WHILE.items()]
    is_free = Q(kind=Notice.Kind.HELD, delivery__isnull=False) & ~Q(delivery__hold_reason__in=BRAKES)
    return reduce(or_, overs, is_free)


def is_answered(notice: Notice) -> bool:
    """The same of one notice; reads its delivery, which the caller has joined."""
    if notice.delivery is None:
        return False
    if notice.kind == Notice.Kind.HELD:
        return notice.delivery.hold_reason not in BRAKES
    return notice.kind in OPEN_WHILE and notice.delivery.status != OPEN_WHILE[Notice.Kind(notice.kind)]


def read_to(member: Membership, notice_id: int) -> None:
    """Everything up to a notice is read; reading never goes backwards."""
    behind = Membership.objects.filter(pk=member.pk, notices_read_to__lt=notice_id)
    if behind.update(notices_read_to=notice_id):
        member.notices_read_to = notice_id
        boards.touch(member.workspace_id)
