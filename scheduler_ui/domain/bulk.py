"""One decision for many rows: each is taken or refused by itself, and the refusals are counted in words."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import deliveries, moves, posts, promises, trash
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.refusals import AlreadyStarted, InThePast, Refused
from scheduler_ui.models import Delivery, Post, User, Workspace

# More than this takes longer than anybody waits for a page.
MOST = 1000
# Short transactions: what is due in this moment waits behind each.
AT_ONCE = 20


@dataclass(frozen=True)
class Shift:
    """A new time for each row: the same instant for all, or so much on (days keep each row's wall clock)."""

    to: datetime | None = None
    days: int = 0
    minutes: int = 0

    def of(self, when: When) -> When:
        if self.to is not None:
            return When.at(self.to, when.timezone)
        moved = replace(when, local=when.local + timedelta(days=self.days))
        return When.at(moved.instant + timedelta(minutes=self.minutes), when.timezone) if self.minutes else moved


@dataclass
class Told:
    """How it went: rows done, and refusals by kind."""

    action: Action
    done: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def sentence(self) -> str:
        """`12 canceled, 1 had already started.`"""
        parts = [_DONE[self.action](self.done)] if self.done or not self.refused else []
        return ", ".join(parts + [_refusal(kind, count) for kind, count in self.refused.items()]) + "."


_DONE: dict[Action, Callable[[int], str]] = {
    Action.NOW: lambda count: ngettext("%d goes out now", "%d go out now", count) % count,
    Action.RETRY: lambda count: ngettext("%d is tried again", "%d are tried again", count) % count,
    Action.RESCHEDULE: lambda count: ngettext("%d has a new time", "%d have a new time", count) % count,
    Action.CANCEL: lambda count: ngettext("%d canceled", "%d canceled", count) % count,
    Action.DROP: lambda count: ngettext("%d dropped", "%d dropped", count) % count,
    Action.DELETE: lambda count: ngettext("%d moved to the trash", "%d moved to the trash", count) % count,
}


def apply(action: Action, rows: Sequence[Any], *, actor: User, now: datetime, shift: Shift | None = None) -> Told:
    """Do it to deliveries, or to posts where a row is a post. Each row stands or falls alone."""
    told = Told(action)
    work = iter(_work(action, rows, actor, now, shift))
    while chunk := list(islice(work, AT_ONCE)):
        with transaction.atomic():
            for number, step in chunk:
                _try(told, number, step)
    return told


def restore(workspace: Workspace, moment: datetime, *, actor: User, now: datetime) -> int:
    """Take out of the trash what was put there at that very moment; tell how many posts."""
    posts = list(trash.posts_in(workspace).filter(deleted_at=moment)[:MOST])
    done = 0
    for start in range(0, len(posts), AT_ONCE):
        with transaction.atomic():
            for post in posts[start : start + AT_ONCE]:
                with contextlib.suppress(Refused):
                    trash.restore(post, actor=actor, now=now)
                    done += 1
    return done


def _work(
    action: Action, rows: Sequence[Any], actor: User, now: datetime, shift: Shift | None
) -> Iterable[tuple[int, Callable[[], object]]]:
    """(rows it stands for, what to do), one by one."""
    by_post: dict[int, list[Any]] = {}
    for row in rows:
        by_post.setdefault(_post(row).pk, []).append(row)
    if action == Action.DELETE:
        for group in by_post.values():
            yield len(group), partial(trash.delete, _post(group[0]), actor=actor, now=now)
    elif action == Action.RESCHEDULE and shift is not None:
        yield from _moves(by_post.values(), shift, actor, now)
    else:
        one = {Action.NOW: promises.publish_now, Action.RETRY: promises.retry}.get(action, deliveries.cancel)
        for row in rows:
            yield 1, partial(one, row, actor=actor, now=now)


def _moves(
    groups: Iterable[list[Any]], shift: Shift, actor: User, now: datetime
) -> Iterable[tuple[int, Callable[[], object]]]:
    """A post moves as one where all of it was chosen; of others only what was chosen moves."""
    groups = list(groups)
    sizes = Counter(
        Delivery.objects.filter(post__in=[_post(group[0]).pk for group in groups]).values_list("post", flat=True)
    )
    for group in groups:
        post = _post(group[0])
        if isinstance(group[0], Post) or len(group) >= sizes[post.pk]:
            yield len(group), partial(_move_post, post, shift, actor=actor, now=now)
        else:
            for row in group:
                yield 1, partial(_move_one, row, shift, actor=actor, now=now)


def _move_post(post: Post, shift: Shift, *, actor: User, now: datetime) -> None:
    # A draft without a time may be given one, but nothing can be added to none.
    when = When.at(shift.to, post.timezone) if shift.to else shift.of(moves.when_of(post))
    posts.reschedule(post, when, actor=actor, now=now)


def _move_one(delivery: Delivery, shift: Shift, *, actor: User, now: datetime) -> None:
    assert delivery.scheduled_for is not None
    when = shift.of(When.at(delivery.scheduled_for, delivery.post.timezone))
    deliveries.reschedule(delivery, when.instant, actor=actor, now=now)


def _try(told: Told, number: int, step: Callable[[], object]) -> None:
    """Every step is atomic in itself, so one that is refused leaves nothing behind."""
    try:
        step()
    except AlreadyStarted:
        told.refused["started"] += number
    except InThePast:
        told.refused["past"] += number
    except Refused as refused:
        told.refused[str(refused).rstrip(".")] += number
    else:
        told.done += number


def _refusal(kind: str, count: int) -> str:
    if kind == "started":
        return ngettext("%d had already started", "%d had already started", count) % count
    if kind == "past":
        return ngettext("%d would be in the past", "%d would be in the past", count) % count
    return _("%(count)d not: %(why)s") % {"count": count, "why": kind}


def _post(row: Any) -> Post:
    return row if isinstance(row, Post) else row.post
