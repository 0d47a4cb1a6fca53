"""What a person should know: one row per event for everybody in the workspace, read and mailed per member."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from scheduler_ui.domain import boards
from scheduler_ui.models import Account, Delivery, Membership, Notice, Workspace


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
    return seen_by(member).filter(id__gt=member.notices_read_to)


def read_to(member: Membership, notice_id: int) -> None:
    """Everything up to a notice is read; reading never goes backwards."""
    behind = Membership.objects.filter(pk=member.pk, notices_read_to__lt=notice_id)
    if behind.update(notices_read_to=notice_id):
        member.notices_read_to = notice_id
        boards.touch(member.workspace_id)
