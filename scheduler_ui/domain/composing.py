"""A composer that was filled in: kept as a draft or sent on its way, once, and never over somebody else's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import arming, lateness, limits, posts, previews
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.previews import Card
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import ENDED, STARTED, Account, Post, Status, User, Workspace
from scheduler_ui.platforms.base import Problem

Errors = Mapping[str, Sequence[str]]


class Unready(Refused):
    """It cannot go out as it is; `errors` are sentences by field."""

    def __init__(self, errors: Errors):
        super().__init__(_("It cannot go out like this yet."))
        self.errors = errors


class Changed(Refused):
    """Somebody saved the post since this form was opened; `seen` is what it is like now."""

    def __init__(self, sentence: str, seen: str):
        super().__init__(sentence)
        self.seen = seen


class AlreadySent(Refused):
    """This form has made a post already, and now says something else."""

    def __init__(self, sentence: str, post: Post):
        super().__init__(sentence)
        self.post = post


@dataclass(frozen=True)
class Filled:
    """A composer as it came back: the post that it edits, if any, what it says, and what tells two sendings apart.

    `client_key` belongs to one opened form; `seen` is the `state_of` the post that the form was made from.
    """

    post: Post | None
    workspace: Workspace
    person: User
    composed: Composed
    client_key: str = ""
    seen: str = ""


def keep(filled: Filled, now: datetime) -> Post:
    """Save it as a draft. Raises TooFast, Changed, AlreadySent, AlreadyStarted."""
    with transaction.atomic():
        existing = _existing(filled)
        # An edit back to a draft says what the post says already: only a new form can be a repetition.
        if existing is not None and filled.post is None and _is_resent(filled, existing):
            return existing
        _refuse_overwriting(filled, existing, now)
        return posts.save_draft(
            filled.post, filled.workspace, filled.person, filled.composed, client_key=_key(filled, existing)
        )


def send(filled: Filled, now: datetime, *, is_now: bool = False) -> Post:
    """Arm it for its time, or for the next second. Raises Unready, TooFast, Changed, AlreadySent, AlreadyStarted."""
    errors = find_errors(filled, now, is_now=is_now)
    with transaction.atomic():
        existing = _existing(filled)
        if existing is not None and _is_armed(existing, now, is_now) and _is_resent(filled, existing, is_now=is_now):
            return existing
        if errors:
            if filled.post is not None:
                posts.refuse_started(filled.post)  # that its time has passed would be a poor reason
            raise Unready(errors)
        _refuse_overwriting(filled, existing, now)
        arm = posts.publish_now if is_now else posts.schedule
        return arm(
            filled.post,
            filled.workspace,
            filled.person,
            filled.composed,
            now=now,
            client_key=_key(filled, existing),
        )


def find_errors(filled: Filled, now: datetime, *, is_now: bool = False) -> dict[str, list[str]]:
    """Everything that keeps it from going out, as sentences by field."""
    composed, errors = filled.composed, dict[str, list[str]]()
    gone = [account for account in composed.accounts if _is_gone(account)]
    if not composed.accounts:
        errors["accounts"] = [_("Choose at least one account.")]
    elif gone:
        words = _("%(account)s is disconnected. Take it out, or connect it again.")
        errors["accounts"] = [words % {"account": account} for account in gone]
    if not composed.text.strip() and not composed.media and not any(composed.own_texts.values()):
        errors["text"] = [_("Write something, or add a picture.")]
    if not is_now:
        _add_time_errors(errors, composed.when, now)
    for card in previews.cards(composed.accounts, composed, now):
        for problem in card.problems:
            errors.setdefault(problem.field, []).append(problem_of(card, problem))
    return errors


def problem_of(card: Card, problem: Problem) -> str:
    """A platform's sentence, with the account that it is about."""
    return f"{card.account}: {problem.sentence}"


def read(post: Post) -> Composed:
    """A saved post as a composer shows it."""
    deliveries = list(post.deliveries.select_related("account").order_by("pk"))
    return Composed(
        text=post.text,
        accounts=tuple(delivery.account for delivery in deliveries if delivery.status != Status.CANCELED),
        own_texts={delivery.account_id: delivery.text for delivery in deliveries if delivery.text is not None},
        media=tuple((one.media, one.alt) for one in post.attachments.select_related("media")),
        when=When(post.local_time, post.timezone, post.fold) if post.local_time else None,
        late=lateness.own_policy(post, post.workspace),
    )


def copy(post: Post) -> Composed:
    """What a duplicate begins with: everything but the time, which has its post already."""
    composed = read(post)
    return replace(composed, accounts=tuple(one for one in composed.accounts if not _is_gone(one)), when=None)


def state_of(post: Post) -> str:
    return post.updated_at.isoformat()


def has_started(post: Post) -> bool:
    return post.deliveries.filter(status__in=STARTED).exists()


def in_zone(post: Post, zone: str) -> When | None:
    """The post's time on the clocks of another zone; as it was written where that is its own."""
    if post.local_time is None or post.scheduled_for is None:
        return None
    if post.timezone == zone:
        return When(post.local_time, zone, post.fold)
    return When.at(post.scheduled_for, zone)


def in_posts_zone(post: Post | None, typed: When | None) -> When | None:
    """A time typed on somebody's clock, as the post keeps it: in its own zone, and untouched where it says the same."""
    if post is None or typed is None or post.local_time is None or post.timezone == typed.timezone:
        return typed
    if typed.instant == post.scheduled_for:
        return When(post.local_time, post.timezone, post.fold)
    return When.at(typed.instant, post.timezone)


def offered(workspace: Workspace, kept: Sequence[Account] = ()) -> list[Account]:
    """The accounts that a composer offers: connected ones, and those that the post has already."""
    known = [account for account in workspace.accounts.order_by("pk") if account.platform in previews.known()]
    wanted = {account.pk for account in kept}
    return [one for one in known if not _is_gone(one) or one.pk in wanted]


def _is_gone(account: Account) -> bool:
    return account.state == Account.State.DISCONNECTED


def _add_time_errors(errors: dict[str, list[str]], when: When | None, now: datetime) -> None:
    if when is None:
        errors["when"] = [_("Choose a date and a time.")]
    elif when.instant < now:
        errors["when"] = [_("That time has passed. Choose a later one, or publish now.")]


def _existing(filled: Filled) -> Post | None:
    """The post that this form is about, locked: the one it edits, or the one it has made before."""
    rows = filled.workspace.posts.select_for_update()
    if filled.post is not None:
        return rows.get(pk=filled.post.pk)
    return rows.filter(client_key=filled.client_key).first() if filled.client_key else None


def _is_armed(post: Post, now: datetime, is_now: bool) -> bool:
    """Whether it waits or goes out already, for all its accounts, and at once where that is asked for."""
    is_soon = post.scheduled_for is not None and post.scheduled_for <= arming.next_second(now)
    return (is_soon or not is_now) and not post.deliveries.filter(status__in=ENDED).exists()


def _is_resent(filled: Filled, existing: Post, *, is_now: bool = False) -> bool:
    """Whether the same form came twice: the post is no draft any more and says just what the form says."""
    return not posts.is_draft(existing) and _said(read(existing), is_now) == _said(filled.composed, is_now)


def _said(composed: Composed, is_now: bool) -> tuple[object, ...]:
    chosen = frozenset(account.pk for account in composed.accounts)
    own = {key: text for key, text in composed.own_texts.items() if key in chosen}
    media = [(media.pk, alt) for media, alt in composed.media]
    return composed.text, chosen, own, media, composed.late, None if is_now else composed.when


def _refuse_overwriting(filled: Filled, existing: Post | None, now: datetime) -> None:
    if existing is None:
        limits.refuse_haste(filled.person, now)
        return
    if existing.deleted_at is not None:
        raise Refused(_("This post is in the trash. Take it out of there first."))
    if filled.post is None and not posts.is_draft(existing):
        raise AlreadySent(_("This form has already been sent. Sending it again makes another post."), existing)
    is_stale = filled.seen not in {"", state_of(existing)}
    if is_stale and _said(read(existing), False) != _said(filled.composed, False):
        sentence = _("It was changed elsewhere since you opened it. Saving again replaces that.")
        raise Changed(sentence, state_of(existing))


def _key(filled: Filled, existing: Post | None) -> str | None:
    """An edit names its post; only a new form is known by its key."""
    return filled.client_key or None if filled.post is None else None
