"""Deleted posts wait 30 days: a hold on everything they have, so that nothing of them goes out or is counted."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards
from scheduler_ui.domain.holds import hold_now
from scheduler_ui.domain.pages import Place
from scheduler_ui.domain.refusals import AlreadyStarted, Refused
from scheduler_ui.models import MOVING, WAITING, Delivery, Event, Hold, Post, Status, User, Workspace

KEPT = timedelta(days=30)
AT_ONCE = 200
LATEST_FIRST = Place(("deleted_at", "pk"))
# Looking for a lost answer and asking after a post need the account as much as sending does.
ASKING = frozenset({Status.UNCONFIRMED, Status.PROCESSING})


def posts_in(workspace: Workspace) -> QuerySet[Post]:
    """What may still be restored, the latest deleted first."""
    return LATEST_FIRST.ordered(Post.objects.filter(workspace=workspace, deleted_at__isnull=False))


def delete(post: Post, *, actor: User, now: datetime) -> None:
    """Put a post in the trash; what is out on other networks stays there. Raises AlreadyStarted while it goes out."""
    with transaction.atomic():
        # The hold first: from here on no worker claims it, and one that was faster is seen below.
        held = {"hold_reason": Hold.DELETED, "queued_at": None, "version": F("version") + 1}
        Delivery.objects.filter(post=post).exclude(status__in=MOVING).update(**held)
        if Delivery.objects.filter(post=post, status__in=MOVING).exists():
            raise AlreadyStarted(_("It is going out now, so it cannot be deleted yet."))
        if Post.objects.filter(pk=post.pk, deleted_at=None).update(deleted_at=now) == 1:
            _remember(post, actor, "deleted", now)
    post.deleted_at = now


def restore(post: Post, *, actor: User, now: datetime) -> None:
    """Take a post out of the trash; what is late by then is for the late policy. Raises Refused when it is gone."""
    with transaction.atomic():
        if Post.objects.filter(pk=post.pk, deleted_at__isnull=False).update(deleted_at=None) != 1:
            raise Refused(_("It is not in the trash any more."))
        post.deleted_at = None
        for delivery in Delivery.objects.filter(post=post, hold_reason=Hold.DELETED).select_related("account"):
            _release(delivery, post)
        _remember(post, actor, "restored", now)


def destroy(post: Post) -> None:
    """Remove a post of the trash for good. Raises Refused when it is not there."""
    with transaction.atomic():
        deleted, _rows = Post.objects.filter(pk=post.pk, deleted_at__isnull=False).delete()
        if not deleted:
            raise Refused(_("It is not in the trash any more."))
        boards.touch(post.workspace_id)


def purge(now: datetime) -> int:
    """Remove for good what has waited its 30 days; tell how many posts. Called once a day."""
    purged = 0
    while keys := list(Post.objects.filter(deleted_at__lt=now - KEPT).values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            Post.objects.filter(pk__in=keys, deleted_at__lt=now - KEPT).delete()
        purged += len(keys)
    return purged


def _release(delivery: Delivery, post: Post) -> None:
    hold = hold_now(delivery.account_id, post)
    if delivery.status not in WAITING and not (delivery.status in ASKING and hold == Hold.RECONNECT):
        hold = Hold.NONE
    Delivery.objects.filter(pk=delivery.pk, hold_reason=Hold.DELETED).update(hold_reason=hold, queued_at=None)


def _remember(post: Post, actor: User, kind: str, now: datetime) -> None:
    Event.objects.create(post=post, actor=actor, kind=kind, at=now)
    boards.touch(post.workspace_id)
