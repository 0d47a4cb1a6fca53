"""A new time for one delivery, and for its post where the delivery is all that the post has."""

from datetime import datetime

from django.db import transaction

from scheduler_ui.domain import brakes, deliveries, posts
from scheduler_ui.domain.holds import BRAKES
from scheduler_ui.domain.lateness import late_since, policy_of
from scheduler_ui.domain.posts import When
from scheduler_ui.models import Delivery, Post, User


def publish_now(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Send a waiting or ended delivery at once. Raises Refused, AlreadyStarted."""
    with transaction.atomic():
        deliveries.publish_now(delivery, actor=actor, now=now)
        _follow(delivery)


def send_anyway(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Let go what the runaway brake holds: at its time, or at once where that is past. Raises Refused."""
    if delivery.hold_reason in BRAKES and _is_too_late(delivery, now):
        publish_now(delivery, actor=actor, now=now)
    else:
        brakes.waive_brake(delivery, actor, now)


def _is_too_late(delivery: Delivery, now: datetime) -> bool:
    """As a worker would judge it, which would give it up in spite of what was just said."""
    if delivery.due_at is None or delivery.scheduled_for is None:
        return False
    since = late_since(delivery.status, delivery.scheduled_for, delivery.due_at, delivery.account.waits_until)
    return policy_of(delivery.post, delivery.workspace).is_too_late(since, now)


def retry(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Try what has ended again, now. Raises Refused, AlreadyStarted."""
    with transaction.atomic():
        deliveries.retry(delivery, actor=actor, now=now)
        _follow(delivery)


def reschedule(delivery: Delivery, when: When, *, actor: User, now: datetime) -> None:
    """Raises AlreadyStarted, InThePast."""
    if _is_all(delivery):
        posts.reschedule(delivery.post, when, actor=actor, now=now)
    else:
        deliveries.reschedule(delivery, when.instant, actor=actor, now=now)


def _is_all(delivery: Delivery) -> bool:
    return not Delivery.objects.filter(post=delivery.post_id).exclude(pk=delivery.pk).exists()


def _follow(delivery: Delivery) -> None:
    """The calendar shows a post where it goes out, not where it was to go out before somebody said now."""
    if not _is_all(delivery):
        return
    at = Delivery.objects.values_list("scheduled_for", flat=True).get(pk=delivery.pk)
    assert at is not None
    when = When.at(at, delivery.post.timezone)
    Post.objects.filter(pk=delivery.post_id).update(local_time=when.local, fold=when.fold, scheduled_for=at)
