"""The queue's rows as a page prints them: grouped by the reader's days, each with its sentence and its actions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from scheduler_ui.domain import actions, reasons
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.scenes import Actor, Reason, Scene
from scheduler_ui.models import Account, Delivery, Post, Status


@dataclass(frozen=True)
class Item:
    """A delivery, or a draft as a whole. `clock` is the time of day on the reader's clock."""

    row: Any
    post: Post
    accounts: Sequence[Account]
    status: str
    at: datetime | None
    clock: str
    note: str
    tone: str
    actions: Sequence[Action]
    can_edit: bool

    @property
    def delivery(self) -> Delivery | None:
        return self.row if isinstance(self.row, Delivery) else None


@dataclass(frozen=True)
class Group:
    """A day of the reader and its items."""

    title: str
    items: Sequence[Item]


def groups(rows: Iterable[Any], scene: Scene) -> list[Group]:
    """Rows in their order, broken where the reader's day changes."""
    items = [_draft(row, scene) if isinstance(row, Post) else _item(row, scene) for row in rows]
    return [Group(title, list(found)) for title, found in groupby(items, lambda item: _day(item.at, scene))]


def _item(delivery: Delivery, scene: Scene) -> Item:
    reason = reasons.explain(delivery, scene)
    return Item(
        row=delivery,
        post=delivery.post,
        accounts=[delivery.account],
        status=delivery.status,
        at=delivery.scheduled_for,
        clock=scene.clock.time(delivery.scheduled_for) if delivery.scheduled_for else "",
        note=_note(delivery, reason, scene),
        tone="off" if delivery.hold_reason else reason.actor.tone,
        actions=actions.of_delivery(delivery),
        can_edit=actions.can_edit([delivery.status]),
    )


def _draft(post: Post, scene: Scene) -> Item:
    deliveries = list(post.deliveries.all())
    return Item(
        row=post,
        post=post,
        accounts=[delivery.account for delivery in deliveries],
        status=Status.DRAFT,
        at=post.scheduled_for,
        clock=scene.clock.time(post.scheduled_for) if post.scheduled_for else "",
        note="" if deliveries else reasons.explain_draft(post).sentence,
        tone="off",
        actions=(),
        can_edit=True,
    )


def _note(delivery: Delivery, reason: Reason, scene: Scene) -> str:
    """What the row says besides its time and badge, which tell a post that simply waits."""
    if delivery.status == Status.PUBLISHED and delivery.sent_at:
        sent = scene.clock.exact(delivery.sent_at)
        return _("Sent %(time)s. %(late)s") % {"time": sent, "late": reason.sentence}
    if delivery.status == Status.SCHEDULED and reason.actor == Actor.PUNCTUAL:
        return ""
    return reason.sentence


def _day(at: datetime | None, scene: Scene) -> str:
    if at is None:
        return _("No time yet")
    day = scene.clock.day(at, scene.now)
    days = (scene.clock.date(at) - scene.clock.date(scene.now)).days
    near = {-1: _("Yesterday, %(day)s"), 0: _("Today, %(day)s"), 1: _("Tomorrow, %(day)s")}
    return near.get(days, "%(day)s") % {"day": day}
