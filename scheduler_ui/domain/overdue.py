"""One decision about everything that is overdue, in chunks that keep nobody waiting behind them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice

from django.db import transaction
from django.db.models import Count, F, Min, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import arming
from scheduler_ui.domain.posts import When
from scheduler_ui.models import WAITING, Delivery, Event, Post, Status, User, move_many

# Posts in one transaction: what is due in this moment waits behind each.
AT_ONCE = 100
# All go out now, the oldest first: what is due a moment earlier is offered a moment earlier.
APART = timedelta(milliseconds=1)
VOID = {"queued_at": None, "prepared": None, "tries": 0, "lookups": 0, "error": "", "held_for": ""}


class Choice(TextChoices):
    POLICY = "policy", _("As the late policy says")
    PUBLISH = "publish", _("Publish all of them now")
    RESCHEDULE = "reschedule", _("Give them new times, in the same order")
    DROP = "drop", _("Drop all of them")


@dataclass(frozen=True)
class Decision:
    """What is wanted; for new times the first one (aware) and the span from post to post."""

    choice: str = Choice.POLICY
    start: datetime | None = None
    gap: timedelta = timedelta()


AS_THE_POLICY = Decision()


def decide(rows: QuerySet[Delivery], decision: Decision, *, actor: User, now: datetime) -> int:
    """Do it to each row that still waits; what a worker or a person took meanwhile is left alone. Tell how many."""
    if decision.choice == Choice.POLICY:
        return 0
    done, place = 0, 0
    for posts in _chunks(_oldest_first(rows)):
        with transaction.atomic():
            # Locked until this is written: nobody claims, moves or cancels them in between.
            chunk = rows.filter(post__in=posts).select_related("account", "post").select_for_update(of=("self",))
            found = list(chunk)
            if decision.choice == Choice.DROP:
                _drop(found)
            else:
                _move(found, _times(posts, decision, place, now))
            _remember(found, decision, actor, now)
        done, place = done + len(found), place + len(posts)
    return done


def _oldest_first(rows: QuerySet[Delivery]) -> list[int]:
    """The posts, by the first thing of them that is overdue."""
    firsts = rows.order_by().values("post_id").annotate(first=Min("scheduled_for")).order_by("first", "post_id")
    return [row["post_id"] for row in firsts]


def _chunks(posts: Sequence[int]) -> Iterator[list[int]]:
    left = iter(posts)
    while chunk := list(islice(left, AT_ONCE)):
        yield chunk


def _remember(found: Sequence[Delivery], decision: Decision, actor: User, now: datetime) -> None:
    kind = {Choice.DROP: "canceled", Choice.PUBLISH: "now"}.get(Choice(decision.choice), "moved")
    Event.objects.bulk_create(
        Event(post_id=row.post_id, actor=actor, kind=kind, data={"account": str(row.account)}, at=now) for row in found
    )


def _times(posts: Sequence[int], decision: Decision, place: int, now: datetime) -> dict[int, tuple[datetime, datetime]]:
    """(promised, due) by post."""
    if decision.choice == Choice.PUBLISH:
        soon = arming.next_second(now)
        return {post: (soon, soon + (place + number) * APART) for number, post in enumerate(posts)}
    assert decision.start is not None
    times = [decision.start + (place + number) * decision.gap for number in range(len(posts))]
    return {post: (at, at) for post, at in zip(posts, times, strict=True)}


def _drop(found: Sequence[Delivery]) -> None:
    for status, rows in _by_status(found):
        move_many(rows, status, Status.CANCELED, due_at=None, queued_at=None)


def _move(found: Sequence[Delivery], times: dict[int, tuple[datetime, datetime]]) -> None:
    """As arming.rearm does for one; the hold stays as it is until the caller takes it off."""
    for status, rows in _by_status(found):
        if status == Status.SCHEDULED:
            rows.update(version=F("version") + 1, **VOID)
        else:
            move_many(rows, status, Status.SCHEDULED, **VOID)
    for row in found:
        row.scheduled_for, row.due_at = times[row.post_id]
    Delivery.objects.bulk_update(found, ["scheduled_for", "due_at"], batch_size=AT_ONCE)
    _follow(found, times)


def _by_status(found: Sequence[Delivery]) -> Iterator[tuple[Status, QuerySet[Delivery]]]:
    for status in sorted(WAITING):
        keys = [row.pk for row in found if row.status == status]
        if keys:
            yield status, Delivery.objects.filter(pk__in=keys)


def _follow(found: Sequence[Delivery], times: dict[int, tuple[datetime, datetime]]) -> None:
    """The calendar shows a post where it goes out, where all of it has moved."""
    in_order = sorted(found, key=lambda row: row.post_id)
    moved = {key: list(rows) for key, rows in groupby(in_order, key=lambda row: row.post_id)}
    whole = dict(Delivery.objects.filter(post__in=moved).values_list("post").annotate(Count("pk")).order_by())
    posts = [rows[0].post for key, rows in moved.items() if whole[key] == len(rows)]
    for post in posts:
        post.scheduled_for = times[post.pk][0]
        when = When.at(post.scheduled_for, post.timezone)
        post.local_time, post.fold = when.local, when.fold
    Post.objects.bulk_update(posts, ["scheduled_for", "local_time", "fold"], batch_size=AT_ONCE)
