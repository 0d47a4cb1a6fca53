"""New time-zone data: what is scheduled keeps its wall-clock time, its instant is computed again, and that is told."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import notices, wall_clock, zones
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.refusals import AlreadyStarted
from scheduler_ui.models import STARTED, Delivery, Event, Notice, Post, Workspace


def catch_up(now: datetime) -> int:
    """Read every time to come with the data in use; tell the workspaces, and how many posts moved. Repeatable."""
    moved: Counter[int] = Counter()
    for key in _stale(now).values_list("pk", flat=True):
        moved.update(_read_again(key, now))
    for workspace in Workspace.objects.filter(pk__in=moved):
        _tell(workspace, moved[workspace.pk], now)
    return moved.total()


def _stale(now: datetime) -> QuerySet[Post]:
    started = Delivery.objects.filter(post=OuterRef("pk"), status__in=STARTED)
    ahead = Post.objects.filter(scheduled_for__gt=now, local_time__isnull=False, deleted_at=None)
    return ahead.exclude(tzdata_version=wall_clock.tzdata_version()).exclude(Exists(started))


def _read_again(key: int, now: datetime) -> list[int]:
    """The workspace of a post whose instant moved, else nothing."""
    try:
        with transaction.atomic():
            post = Post.objects.select_for_update().get(pk=key)
            was = post.scheduled_for
            assert was is not None
            assert post.local_time is not None
            when = When(post.local_time, post.timezone, post.fold)
            zones.put(post, when)
            if when.instant == was:
                return []
            data = {"was": was.isoformat(), "to": when.instant.isoformat()}
            Event.objects.create(post=post, kind="moved", data=data, at=now)
            return [post.workspace_id]
    except AlreadyStarted:
        return []


def _tell(workspace: Workspace, number: int, now: datetime) -> None:
    version = wall_clock.tzdata_version()
    title = ngettext(
        "A post keeps its clock time, not its moment",
        "%(number)d posts keep their clock time, not their moment",
        number,
    )
    body = _("A country has changed its clocks (time-zone data %(version)s). Look whether the times still suit you.")
    notices.tell(
        Notice.Kind.MOVED,
        workspace,
        title=title % {"number": number},
        body=body % {"version": version},
        event_key=f"zones:{workspace.public_id}:{version}:{now.isoformat()}",
        now=now,
    )
