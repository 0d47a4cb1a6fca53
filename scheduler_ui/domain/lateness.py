"""The late policy: how late a post may still go out by itself, and what becomes of it then."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from scheduler_ui.domain.clocks import span_in_words
from scheduler_ui.models import LateThen, Post, Status, Workspace

# A week: what is later than that is news of another time.
MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Policy:
    """Out by itself up to `minutes` late, then `then` (a LateThen)."""

    minutes: int
    then: str = LateThen.ASK

    @property
    def limit(self) -> timedelta:
        """On the engine's clock, which a fault run may scale."""
        return timedelta(minutes=self.minutes) * settings.TIME_SCALE

    def is_too_late(self, due_at: datetime, now: datetime) -> bool:
        return now - due_at > self.limit

    @property
    def words(self) -> str:
        """`up to 60 min late, then ask`."""
        late = {"late": span_in_words(timedelta(minutes=self.minutes))}
        if self.then == LateThen.SKIP:
            return _("up to %(late)s late, then skip it") % late if self.minutes else _("never late: skip it")
        return _("up to %(late)s late, then ask") % late if self.minutes else _("never late: ask")


def late_since(status: str, scheduled_for: datetime, due_at: datetime, waits_until: datetime | None) -> datetime:
    """From when on lateness counts: from the promise, but for a retry's own waiting and a rate limit's."""
    has_waited = waits_until is not None and waits_until > scheduled_for
    return due_at if has_waited or status == Status.RETRYING else scheduled_for


def policy_of(post: Post, workspace: Workspace) -> Policy:
    """A post's own, and of what it leaves open the workspace's."""
    minutes = workspace.late_minutes if post.late_minutes is None else post.late_minutes
    return Policy(minutes, post.late_then or workspace.late_then)


def own_policy(post: Post, workspace: Workspace) -> Policy | None:
    """None: as the workspace."""
    has_own = post.late_minutes is not None or post.late_then
    return policy_of(post, workspace) if has_own else None
