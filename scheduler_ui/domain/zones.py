"""Time zones to choose from, and what a person's change of zone does to the posts they have timed already."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from scheduler_ui.domain import boards, wall_clock
from scheduler_ui.domain.arming import rearm
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.refusals import AlreadyStarted, started_sentence
from scheduler_ui.models import ENDED, STARTED, Delivery, Event, Post, Status, User

KEEP_CLOCK, KEEP_INSTANT = "clock", "instant"


@dataclass(frozen=True)
class Zone:
    """`minutes` is the distance from UTC at the moment of asking."""

    name: str
    offset: str
    minutes: int


@dataclass(frozen=True)
class Change:
    """What a change of zone means: how many posts are asked about, and how far clocks there are ahead now.

    `late` of them would lie in the past with their clock time kept; those keep their instant.
    """

    old: str
    new: str
    posts: int
    late: int
    ahead: timedelta

    @property
    def moving(self) -> int:
        return self.posts - self.late


def choices(now: datetime, *others: str) -> list[Zone]:
    """Every zone offered, by name, and `others` besides: what a person has may be an old name."""
    names = sorted({*_names(), *filter(wall_clock.is_zone, others)})
    return [Zone(name, wall_clock.offset_name(now, name), _minutes(now, name)) for name in names]


def preview(user: User, zone: str, now: datetime) -> Change:
    """Raises UnknownZone. One query."""
    timed = list(_timed(user, now))
    late = sum(_is_late(post, zone, now) for post in timed)
    ahead = timedelta(minutes=_minutes(now, zone) - _minutes(now, str(user.timezone)))
    return Change(str(user.timezone), zone, len(timed), late, ahead)


def change(user: User, zone: str, keep: str, now: datetime) -> int:
    """Give a person another zone; their timed posts keep the clock time or the instant. Tells how many moved."""
    with transaction.atomic():
        timed = list(_timed(user, now).select_for_update())
        moved = sum(_carry(post, zone, keep, user, now) for post in timed)
        User.objects.filter(pk=user.pk).update(timezone=zone, kept_zone="")
        for workspace_id in user.memberships.values_list("workspace", flat=True):
            boards.touch(workspace_id)
    user.refresh_from_db(fields=["timezone", "kept_zone"])
    return moved


def put(post: Post, when: When) -> None:
    """Another reading of a post's time: what waits is armed anew where the instant moves. Raises AlreadyStarted."""
    was = post.scheduled_for
    post.local_time, post.timezone, post.fold = when.local, when.timezone, when.fold
    post.scheduled_for = when.instant
    post.tzdata_version = wall_clock.tzdata_version()
    post.save(update_fields=["local_time", "timezone", "fold", "scheduled_for", "tzdata_version", "updated_at"])
    if when.instant != was:
        _promise(post, was, when.instant)


@cache
def _names() -> tuple[str, ...]:
    """The names in use today; old ones and bare offsets are understood, not offered."""
    table = files("tzdata").joinpath("zoneinfo/zone.tab").read_text()
    return ("UTC", *(line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")))


def _minutes(now: datetime, zone: str) -> int:
    offset = now.astimezone(wall_clock.zone_of(zone)).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() / 60)


def _timed(user: User, now: datetime) -> QuerySet[Post]:
    """One's own posts with a time to come in the old zone, of which nothing has started."""
    # A retry's first try was a start.
    started = Delivery.objects.filter(post=OuterRef("pk"), status__in=STARTED | {Status.RETRYING})
    mine = Post.objects.filter(author=user, timezone=str(user.timezone), deleted_at=None, local_time__isnull=False)
    return mine.filter(scheduled_for__gt=now).exclude(Exists(started))


def _is_late(post: Post, zone: str, now: datetime) -> bool:
    return wall_clock.to_utc(post.local_time, zone, post.fold) <= now


def _carry(post: Post, zone: str, keep: str, user: User, now: datetime) -> bool:
    """Whether its instant moved; one that a worker takes at this very moment stays as it is."""
    assert post.scheduled_for is not None
    when = When.at(post.scheduled_for, zone)
    if keep == KEEP_CLOCK and not _is_late(post, zone, now):
        when = replace(when, local=post.local_time, fold=post.fold)
    was = post.scheduled_for
    try:
        with transaction.atomic():
            put(post, when)
    except AlreadyStarted:
        return False
    if when.instant == was:
        return False
    data = {"was": was.isoformat(), "to": when.instant.isoformat()}
    Event.objects.create(post=post, actor=user, kind="moved", data=data, at=now)
    return True


def _promise(post: Post, was: datetime | None, at: datetime) -> None:
    """What waits for the post's time is armed anew, what has ended stays ended and moves along; own times stay."""
    of_this_time = post.deliveries.filter(scheduled_for=was).select_related("account", "post")
    for delivery in of_this_time.select_for_update(of=("self",)):
        if delivery.status in STARTED:
            raise AlreadyStarted(started_sentence())
        if delivery.status in ENDED:
            Delivery.objects.filter(pk=delivery.pk, status=delivery.status).update(scheduled_for=at)
        else:
            rearm(delivery, at, is_armed=delivery.status != Status.DRAFT)
