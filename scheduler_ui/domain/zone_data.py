"""New time-zone data: what is scheduled keeps its wall-clock time, its instant is computed again, and that is told."""

import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import notices, wall_clock, zones
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.refusals import AlreadyStarted
from scheduler_ui.models import STARTED, Delivery, Event, Notice, Post, Workspace

# Short transactions: what is due in this moment waits behind each.
AT_ONCE = 20


def catch_up(now: datetime) -> int:
    """Read every time to come with the data in use; tell the workspaces, and how many posts moved.

    Repeatable, and workers that do it at the same time share it: a post is read again once.
    """
    moved: list[int] = []
    # What is next to go is read first: there may be tens of thousands behind it.
    keys = iter(list(_stale(now).order_by("scheduled_for").values_list("pk", flat=True)))
    while some := list(islice(keys, AT_ONCE)):
        began = time.monotonic()
        with transaction.atomic():
            for key in some:
                moved.extend(_read_again(key, now))
        if connection.vendor == "sqlite":
            # Whoever waits for the one writer's place only looks now and then whether it is free.
            time.sleep(time.monotonic() - began)
    for workspace in Workspace.objects.filter(pk__in=set(moved)):
        _tell(workspace, now)
    return len(moved)


def moves(version: str) -> QuerySet[Event]:
    """Of each post whose instant moved when this version of the data came."""
    return Event.objects.filter(kind="moved", data__zones=version)


def version_of(notice: Notice) -> str:
    """Of the data that a notice of moved posts tells about; '' where it is about something else."""
    return notice.event_key.split(":")[2] if notice.kind == Notice.Kind.MOVED else ""


def _stale(now: datetime) -> QuerySet[Post]:
    started = Delivery.objects.filter(post=OuterRef("pk"), status__in=STARTED)
    ahead = Post.objects.filter(scheduled_for__gt=now, local_time__isnull=False, deleted_at=None)
    return ahead.exclude(tzdata_version=wall_clock.tzdata_version()).exclude(Exists(started))


def _read_again(key: int, now: datetime) -> Iterator[int]:
    """The workspace of a post whose instant moved, else nothing."""
    version = wall_clock.tzdata_version()
    try:
        with transaction.atomic():
            post = Post.objects.select_for_update(no_key=True).exclude(tzdata_version=version).filter(pk=key).first()
            # Another worker was faster, or a person has just taken its time away.
            if post is None or post.local_time is None or post.scheduled_for is None:
                return
            was = post.scheduled_for
            when = When(post.local_time, post.timezone, post.fold)
            zones.put(post, when)
            if when.instant == was:
                return
            data = {"was": was.isoformat(), "to": when.instant.isoformat(), "zones": version}
            Event.objects.create(post=post, kind="moved", data=data, at=now)
    except AlreadyStarted:
        return
    yield post.workspace_id


def _tell(workspace: Workspace, now: datetime) -> None:
    """One notice a day, with the number of all that have moved, whichever worker moved them."""
    version = wall_clock.tzdata_version()
    number = Post.objects.filter(pk__in=moves(version).values("post"), workspace=workspace).count()
    title = ngettext(
        "A post keeps its clock time, not its moment",
        "%(number)d posts keep their clock time, not their moment",
        number,
    )
    body = _("A country has changed its clocks (time-zone data %(version)s). Look whether the times still suit you.")
    event_key = f"zones:{workspace.public_id}:{version}:{now:%Y-%m-%d}"
    title, body = title % {"number": number}, body % {"version": version}
    if not notices.tell(Notice.Kind.MOVED, workspace, title=title, body=body, event_key=event_key, now=now):
        Notice.objects.filter(event_key=event_key).update(title=title)
