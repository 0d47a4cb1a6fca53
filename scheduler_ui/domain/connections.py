"""Connecting an account, and connecting it again: verified at once, failing in words, history kept."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from scheduler_ui.domain import avatars, boards, deliveries, holds, platform_tools, resuming, vault
from scheduler_ui.domain.mishaps import place_of
from scheduler_ui.domain.overdue import AS_THE_POLICY, Decision
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Account, Attempt, Delivery, Tab, User, Workspace
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Connected
from scheduler_ui.platforms.outcomes import ConnectError, PlatformError

logger = logging.getLogger(__name__)
COLOURS = range(1, 13)
# The latest that failed: among these are those that its loss made fail, and nobody reads further.
MOST = 1000


@dataclass(frozen=True)
class Asked:
    """Who wants what connected: a platform's slug, what was typed into its form, and what of the overdue goes on."""

    slug: str
    form: Mapping[str, str] = field(repr=False)
    actor: User
    overdue: Decision = AS_THE_POLICY


@dataclass(frozen=True)
class Done:
    """The account, and (label, value) of what the person must copy now: no page shows it again."""

    account: Account
    show_once: tuple[str, str] | None = field(default=None, repr=False)


def connect(workspace: Workspace, asked: Asked, now: datetime) -> Done:
    """Connect a new account, or one of ours that the sign-in turns out to belong to. Raises ConnectError."""
    found = _verify(asked)
    try:
        with transaction.atomic():
            Workspace.objects.select_for_update().get(pk=workspace.pk)  # two at once must not get one colour
            account = _ours(workspace, asked.slug, found) or Account(
                workspace=workspace, platform=asked.slug, remote_id=found.profile.remote_id, colour=_colour(workspace)
            )
            _write(account, found, asked.actor, now)
    except IntegrityError:
        # The only row that stands in the way is another workspace's feed.
        raise ConnectError(_("That address is taken. Choose another one."), "slug") from None
    avatars.renew(account, found.profile.avatar_url)
    return Done(account, found.show_once)


def reconnect(account: Account, asked: Asked, now: datetime) -> Done:
    """A new sign-in for the same profile: its posts and history stay, what was held goes on.

    Raises ConnectError, also when the sign-in belongs to somebody else.
    """
    found = _verify(asked)
    if found.profile.remote_id != account.remote_id:
        names = {"found": found.profile.handle or found.profile.remote_id, "wanted": account.handle}
        raise ConnectError(_("That is %(found)s, not %(wanted)s. Connect it as an account of its own.") % names)

    def release() -> None:
        with transaction.atomic():
            # As it is now: it may have been paused, or told to wait, while the platform was asked.
            account.refresh_from_db(from_queryset=Account.objects.select_for_update())
            _write(account, found, asked.actor, now)

    resuming.carry_out(resuming.of_lost(account), asked.overdue, release, actor=asked.actor, now=now)
    avatars.renew(account, found.profile.avatar_url)
    return Done(account, found.show_once)


def failed_by_loss(account: Account) -> QuerySet[Delivery]:
    """Deliveries that failed because the platform did not let us in: to be published after all, if a person says so."""
    failed = Delivery.objects.filter(workspace=account.workspace_id, account=account, tab=Tab.FAILED)
    latest = failed.order_by("-scheduled_for", "-pk").values("pk")[:MOST]
    refused = Attempt.objects.filter(delivery=OuterRef("pk"), outcome=Attempt.Outcome.UNAUTHORIZED)
    rows = Delivery.objects.filter(Exists(refused), pk__in=latest)
    return rows.select_related("post").order_by("scheduled_for", "pk")


def publish_failed(account: Account, actor: User, now: datetime) -> int:
    """Send what the loss of the account made fail; tell how many go out now."""
    sent = 0
    for delivery in failed_by_loss(account):
        try:
            deliveries.retry(delivery, actor=actor, now=now)
            sent += 1
        except Refused:
            continue  # somebody else decided meanwhile
    return sent


def _verify(asked: Asked) -> Connected:
    try:
        return registry.get(asked.slug).connect(asked.form, platform_tools.tools())
    except PlatformError as error:
        raise ConnectError(str(error)) from error
    except ConnectError:
        raise
    except Exception as error:
        logger.error("connecting to %s failed: %s", asked.slug, place_of(error))
        raise ConnectError(_("Its answer could not be understood. Nothing was saved.")) from None


def _ours(workspace: Workspace, slug: str, found: Connected) -> Account | None:
    theirs = workspace.accounts.select_for_update().filter(platform=slug, remote_id=found.profile.remote_id)
    return theirs.first()


def _colour(workspace: Workspace) -> int:
    """The least used one; a disconnected account's is free."""
    shown = workspace.accounts.exclude(state=Account.State.DISCONNECTED)
    used = dict(shown.values_list("colour").annotate(Count("pk")))
    return min(COLOURS, key=lambda colour: (used.get(colour, 0), colour))


def _write(account: Account, found: Connected, actor: User, now: datetime) -> None:
    changes = _known(found) | {
        # How a rehearsal behaves was not asked for here, and stays.
        "settings": account.settings | dict(found.settings),
        "secrets": vault.seal(account.public_id, found.secrets),
        **{"state": Account.State.CONNECTED, "state_reason": "", "lost_at": None},
        **{"synced_at": now, "sync_error": "", "connected_by": actor},
        # The lease belongs to whoever renews a sign-in right now: their pair is for the old one.
        **{"token": "", "lease_until": None},
    }
    for name, value in changes.items():
        setattr(account, name, value)
    account.save(update_fields=changes if account.pk else None)
    holds.put(account)
    boards.touch(account.workspace_id)


def _known(found: Connected) -> dict[str, Any]:
    profile = found.profile
    counts = {"followers": profile.followers, "posts_count": profile.posts_count, "limits": dict(profile.limits)}
    return counts | {"handle": profile.handle[:200], "name": profile.name[:200], "url": profile.url[:500]}
