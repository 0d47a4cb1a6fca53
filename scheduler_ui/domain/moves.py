"""Moving a post on the calendar: the server owns the arithmetic, and every move can be taken back."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from scheduler_ui.domain import posts, wall_clock
from scheduler_ui.domain.posts import AlreadyStarted, Refused, When
from scheduler_ui.models import Post, User


@dataclass(frozen=True)
class Moved:
    """A post at its new time, and the one it had."""

    post: Post
    before: When
    after: When

    def can_undo(self, now: datetime) -> bool:
        return self.before.instant > now


def when_of(post: Post) -> When:
    """The time a post has now. Raises Refused when it has none."""
    if post.local_time is None:
        raise Refused(_("It has no time yet. Open it and choose one."))
    return When(post.local_time, post.timezone, post.fold)


def to_day(post: Post, day: date, viewer: User) -> When:
    """The same wall-clock time, as many days on as lie between the viewer's day of the post and `day`."""
    seen = wall_clock.to_local(when_of(post).instant, str(viewer.timezone))[0]
    return by_days(post, (day - seen.date()).days)


def by_days(post: Post, days: int) -> When:
    now = when_of(post)
    return When(now.local + timedelta(days=days), now.timezone, now.fold)


def to_hour(post: Post, at: datetime, viewer: User) -> When:
    """The instant at which the viewer's clock shows `at` (naive), on the clock of the post's own zone."""
    return When.at(wall_clock.to_utc(at, str(viewer.timezone)), post.timezone)


def by_minutes(post: Post, minutes: int) -> When:
    return When.at(when_of(post).instant + timedelta(minutes=minutes), post.timezone)


def move(post: Post, when: When, *, actor: User, now: datetime) -> Moved:
    """Raises Refused, AlreadyStarted and InThePast, each with its sentence."""
    before = when_of(post)
    return Moved(posts.reschedule(post, when, actor=actor, now=now), before, when)


def undo(post: Post, before: When, after: When, *, actor: User, now: datetime) -> Moved:
    """Take a move back, unless the post has got another time since. Raises as `move` does."""
    if when_of(post).instant != after.instant:
        raise AlreadyStarted(_("It has been moved again since. Look where it is now."))
    return move(post, before, actor=actor, now=now)
