"""Saving what a person wrote: a draft, or a post that is armed by being committed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import arming, boards, wall_clock
from scheduler_ui.domain.holds import hold_for
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.domain.refusals import AlreadyStarted as AlreadyStarted
from scheduler_ui.domain.refusals import InThePast as InThePast
from scheduler_ui.domain.refusals import Refused as Refused
from scheduler_ui.domain.refusals import started_sentence
from scheduler_ui.models import (
    MOVING,
    STARTED,
    WAITING,
    Account,
    Delivery,
    Event,
    Media,
    Post,
    PostMedia,
    Status,
    User,
    Workspace,
    move_to,
)


@dataclass(frozen=True)
class When:
    """A wall-clock time: naive local time, IANA zone, and how a gap or overlap is read."""

    local: datetime
    timezone: str
    fold: str = Post.Fold.COMPATIBLE

    @property
    def instant(self) -> datetime:
        return wall_clock.to_utc(self.local, self.timezone, self.fold)

    @classmethod
    def at(cls, instant: datetime, timezone: str) -> "When":
        """The wall clock in `timezone` at an aware instant."""
        local, fold = wall_clock.to_local(instant, timezone)
        return cls(local, timezone, Post.Fold.LATER if fold else Post.Fold.COMPATIBLE)


@dataclass(frozen=True)
class Composed:
    """A filled-in composer: text, accounts, own texts by account key, (media, alt), when; `late` if it has its own."""

    text: str
    accounts: Sequence[Account] = ()
    own_texts: Mapping[int, str] = field(default_factory=dict)
    media: Sequence[tuple[Media, str]] = ()
    when: When | None = None
    late: Policy | None = None


def save_draft(
    post: Post | None, workspace: Workspace, author: User, composed: Composed, client_key: str | None = None
) -> Post:
    """Keep what was typed without arming it; a draft needs neither text nor account nor time."""
    with transaction.atomic():
        post, is_new = _locked(post, workspace, author, client_key)
        if is_new or not client_key or post.client_key != client_key or is_draft(post):
            refuse_started(post)
            before = post.scheduled_for
            _write(post, composed, is_draft=True)
            _write_deliveries(post, composed, Status.DRAFT, before)
        boards.touch(workspace.pk)
    return post


def schedule(  # noqa: PLR0913 - each is named by the caller
    post: Post | None,
    workspace: Workspace,
    author: User,
    composed: Composed,
    *,
    now: datetime,
    client_key: str | None = None,
) -> Post:
    """Arm a new, draft, waiting or ended post: one transaction, and the same form twice is one post.

    Raises Refused (nothing to say, no account, past), AlreadyStarted.
    """
    _refuse_incomplete(composed, now)
    with transaction.atomic():
        post, is_new = _locked(post, workspace, author, client_key)
        if not is_new and client_key and post.client_key == client_key and not is_draft(post):
            return post
        refuse_started(post)
        before = post.scheduled_for
        _write(post, composed, is_draft=False)
        _write_deliveries(post, composed, Status.SCHEDULED, before)
        _remember(post, author, "scheduled", now)
        boards.touch(workspace.pk)
    return post


def publish_now(  # noqa: PLR0913 - each is named by the caller
    post: Post | None,
    workspace: Workspace,
    author: User,
    composed: Composed,
    *,
    now: datetime,
    client_key: str | None = None,
) -> Post:
    """Schedule for the next full second, on the author's clock."""
    zone = composed.when.timezone if composed.when else str(author.timezone)
    at_once = replace(composed, when=When.at(arming.next_second(now), zone))
    return schedule(post, workspace, author, at_once, now=now, client_key=client_key)


def reschedule(post: Post, when: When, *, actor: User, now: datetime) -> Post:
    """Move every delivery of the post that has not started; ended ones are armed again.

    Raises AlreadyStarted when one has, InThePast when `when` has gone by.
    """
    _refuse_past(when, now)
    with transaction.atomic():
        post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
        refuse_started(post)
        before = post.scheduled_for
        _set_time(post, when)
        post.save(update_fields=["local_time", "timezone", "fold", "scheduled_for", "tzdata_version", "updated_at"])
        for delivery in _movable(post):
            arming.rearm(delivery, post.scheduled_for, is_armed=delivery.status != Status.DRAFT)
        was = before.isoformat() if before else ""
        _remember(post, actor, "moved", now, was=was, to=when.instant.isoformat())
        boards.touch(post.workspace_id)
    return post


def _movable(post: Post) -> list[Delivery]:
    """What waits; only where nothing does is what has ended armed again (one canceled account stays canceled)."""
    deliveries = list(post.deliveries.select_related("account", "post"))
    waiting = [delivery for delivery in deliveries if delivery.status in WAITING | {Status.DRAFT}]
    return waiting or deliveries


def _locked(post: Post | None, workspace: Workspace, author: User, client_key: str | None) -> tuple[Post, bool]:
    """The post to write, locked, and whether this form has just made it."""
    if post is not None:
        return Post.objects.select_for_update(no_key=True).get(pk=post.pk, workspace=workspace), False
    if not client_key:
        return Post.objects.create(workspace=workspace, author=author, timezone=str(author.timezone)), True
    try:
        with transaction.atomic():
            return Post.objects.get_or_create(
                workspace=workspace,
                client_key=client_key,
                defaults={"author": author, "timezone": str(author.timezone)},
            )
    except IntegrityError:
        return Post.objects.get(workspace=workspace, client_key=client_key), False


def _refuse_incomplete(composed: Composed, now: datetime) -> None:
    if not composed.accounts:
        raise Refused(_("Choose at least one account."), "accounts")
    if not composed.text.strip() and not composed.media and not any(composed.own_texts.values()):
        raise Refused(_("Write something, or add a picture."), "text")
    if composed.when is None:
        raise Refused(_("Choose a date and a time."), "when")
    _refuse_past(composed.when, now)


def _refuse_past(when: When, now: datetime) -> None:
    if when.instant < now:
        raise InThePast(_("That time has passed. Choose a later one, or publish now."), "when")


def is_draft(post: Post) -> bool:
    return not post.deliveries.exclude(status=Status.DRAFT).exists()


def refuse_started(post: Post) -> None:
    """Raises AlreadyStarted, in words, where any delivery of the post has begun to go out."""
    # Locked whole: until this is saved, nothing of it can be claimed.
    started = {delivery.status for delivery in post.deliveries.select_for_update()} & STARTED
    if started & MOVING:
        raise AlreadyStarted(started_sentence())
    if started:
        raise AlreadyStarted(_("It has started, so it can no longer change. Duplicate it to write a new one."))


def _write(post: Post, composed: Composed, *, is_draft: bool) -> None:
    post.text, post.is_draft = composed.text, is_draft
    late = composed.late
    post.late_minutes, post.late_then = (late.minutes, late.then) if late else (None, "")
    _set_time(post, composed.when)
    post.save()
    wanted = {media.pk: (position, alt) for position, (media, alt) in enumerate(composed.media)}
    post.attachments.exclude(media__in=wanted).delete()
    for media_id, (position, alt) in wanted.items():
        PostMedia.objects.update_or_create(post=post, media_id=media_id, defaults={"position": position, "alt": alt})


def _set_time(post: Post, when: When | None) -> None:
    post.local_time = when.local if when else None
    if when:
        post.timezone, post.fold = when.timezone, when.fold
    post.scheduled_for = when.instant if when else None
    post.tzdata_version = wall_clock.tzdata_version()


def _write_deliveries(post: Post, composed: Composed, status: str, before: datetime | None) -> None:
    """One delivery per chosen account; one never tried to an account no longer chosen goes, others are canceled."""
    kept = {delivery.account_id: delivery for delivery in post.deliveries.select_related("account", "post")}
    for account in composed.accounts:
        delivery = kept.pop(account.pk, None) or Delivery(
            workspace_id=post.workspace_id, post=post, account=account, hold_reason=hold_for(account, post)
        )
        own_text = composed.own_texts.get(account.pk)
        if delivery.pk is None:
            delivery.text = own_text
            delivery.save()
        # An edited text may not go out under a key that a platform has already seen with the old one.
        key = delivery.key if delivery.attempts.filter(outcome="unconfirmed").exists() else ""
        arming.put(delivery, _time_of(delivery, post, before), status, text=own_text, key=key, payload=None)
    for delivery in kept.values():
        if delivery.attempts.exists():
            if delivery.status in {Status.SCHEDULED, Status.RETRYING}:
                _cancel(delivery)
        else:
            delivery.delete()


def _time_of(delivery: Delivery, post: Post, before: datetime | None) -> datetime | None:
    """The post's time; one that was given to this delivery alone outlives an edit that leaves the post's as it is."""
    is_own = delivery.status in WAITING and delivery.scheduled_for != before
    return delivery.scheduled_for if is_own and post.scheduled_for == before else post.scheduled_for


def _cancel(delivery: Delivery) -> None:
    if not move_to(delivery, Status.CANCELED, due_at=None, version=delivery.version + 1):
        raise AlreadyStarted(started_sentence())


def _remember(post: Post, actor: User | None, kind: str, now: datetime, **data: str) -> None:
    Event.objects.create(post=post, actor=actor, kind=kind, data=data, at=now)
