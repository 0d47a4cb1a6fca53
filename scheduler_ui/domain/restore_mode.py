"""Restore mode: the database is from a backup, and what it still holds may have gone out since that was made."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import boards, notices, platform_tools
from scheduler_ui.domain.holds import hold_for, turned_to
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import WAITING, Account, Delivery, Hold, Installation, Notice, Post, Workspace
from scheduler_ui.platforms.base import Kind

# Whoever put these takes them off; the engine looks all the same before it sends.
NOT_OURS = [Hold.DELETED, Hold.RECONNECT, Hold.RESTORED]


@dataclass(frozen=True)
class RestoreMode:
    """`unlooked` deliveries are still to be looked for; `unaskable` ones wait where no network can be asked."""

    moment: datetime
    began_at: datetime
    unlooked: int
    unaskable: int


def note(moment: datetime, now: datetime, using: str = "default") -> None:
    """The one line that counts: from here nothing from before `now` is sent before it has been looked for."""
    installations = Installation.objects.using(using)
    row, _is_new = installations.get_or_create(pk=1)
    # A backup that was made in restore mode, before everything had been looked for: the older moment counts.
    moment = min(moment, row.restored_from or moment)
    installations.filter(pk=1).update(restored_from=moment, restored_at=now)


def begin(moment: datetime, now: datetime) -> int:
    """Enter restore mode and hold all that waits; tell how many deliveries. Repeatable."""
    with transaction.atomic():
        note(moment, now)
        rows = Delivery.objects.filter(status__in=WAITING).exclude(hold_reason__in=NOT_OURS)
        told = dict(rows.values_list("workspace_id").annotate(Count("pk")).order_by())
        held = rows.update(hold_reason=Hold.RESTORED, queued_at=None, token="", lease_until=None)
        for workspace in Workspace.objects.all():
            _tell(workspace, told.get(workspace.pk, 0), moment, now)
    return held


def state() -> RestoreMode | None:
    """How it stands, for a page and for the command; None: not in restore mode."""
    row = Installation.objects.filter(pk=1, restored_from__isnull=False).first()
    if row is None or row.restored_from is None:
        return None
    blind = _blind_accounts()
    unaskable = _held().filter(account__in=blind).count()
    return RestoreMode(row.restored_from, row.restored_at or row.restored_from, _held().count() - unaskable, unaskable)


def end(*, even_so: bool = False) -> int:
    """The operator's word: what is still held goes out as it stands; tell how many. Raises Refused."""
    mode = state()
    if mode is None:
        return 0
    if mode.unlooked and not even_so:
        words = ngettext(
            "A worker has still to look for %(number)d post. Wait for it, or say that it may go out unseen.",
            "A worker has still to look for %(number)d posts. Wait for it, or say that they may go out unseen.",
            mode.unlooked,
        )
        raise Refused(words % {"number": mode.unlooked})
    with transaction.atomic():
        # First the mode: a worker that is about to hold something by it has done so, or sees that it is over.
        Installation.objects.filter(pk=1).update(restored_from=None, restored_at=None)
        freed = sum(_free(account) for account in _accounts_with_held())
        for key in Workspace.objects.values_list("pk", flat=True):
            boards.touch(key)
    return freed


def _held() -> QuerySet[Delivery]:
    return Delivery.objects.filter(status__in=WAITING, hold_reason=Hold.RESTORED)


def _accounts_with_held() -> list[Account]:
    return list(Account.objects.filter(pk__in=_held().values("account")).select_related("workspace"))


def _blind_accounts() -> list[int]:
    return [account.pk for account in _accounts_with_held() if platform_tools.platform_for(account).kind == Kind.BLIND]


def _free(account: Account) -> int:
    held = _held().filter(account=account)
    binned = held.filter(post__in=Post.objects.filter(deleted_at__isnull=False))
    count = binned.update(hold_reason=Hold.DELETED)
    return count + held.update(**turned_to(hold_for(account)))


def _tell(workspace: Workspace, number: int, moment: datetime, now: datetime) -> None:
    boards.touch(workspace.pk)
    if not number:
        return
    title = _("Restored from a backup of %(moment)s UTC") % {"moment": f"{moment:%Y-%m-%d %H:%M}"}
    body = ngettext(
        "%(number)d post may have gone out since. Punctual looks for it before it sends it.",
        "%(number)d posts may have gone out since. Punctual looks for each before it sends it.",
        number,
    )
    body += " " + _("Where a network cannot be asked, it asks you.")
    notices.tell(
        Notice.Kind.HELD,
        workspace,
        title=title,
        body=body % {"number": number},
        event_key=f"restored:{workspace.public_id}:{moment.isoformat()}",
        now=now,
    )
