"""What becomes of an account after it is connected: paused, lost, disconnected, its sign-in renewed."""

import secrets
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, holds, notices, platform_tools, vault
from scheduler_ui.domain.mishaps import foreseen
from scheduler_ui.models import Account, Delivery, Event, Hold, Notice, Status, User, move_many
from scheduler_ui.platforms.base import AccountData
from scheduler_ui.platforms.outcomes import Unauthorized, Unavailable

LOOK_AGAIN = 0.05  # seconds between two looks at another worker's refresh


def pause(account: Account) -> int:
    """Hold everything that waits for the account; tell how many deliveries wait now."""
    return _set_paused(account, True)


def resume(account: Account) -> int:
    """Let what waits go out again; what is too late by now is for the late policy to judge."""
    return _set_paused(account, False)


def lose(account: Account, sentence: str, now: datetime) -> bool:
    """The platform no longer lets us in: hold what waits and tell; False when it is lost already or was renewed."""
    with transaction.atomic():
        # A refusal of a sign-in that somebody has replaced meanwhile says nothing about the new one.
        as_used = Account.objects.filter(pk=account.pk, state=Account.State.CONNECTED, secrets=account.secrets)
        if as_used.update(state=Account.State.RECONNECT, state_reason=sentence[:500], lost_at=now) != 1:
            return False
        account.refresh_from_db()
        held = holds.put(account)
        notices.tell(
            Notice.Kind.ACCOUNT,
            account.workspace,
            title=_("%(account)s must be connected again") % {"account": account},
            body=_lost_sentence(sentence, held),
            event_key=f"account:{account.public_id}:{now.isoformat()}",
            account=account,
            now=now,
        )
    return True


def refresh(account: Account, now: datetime) -> AccountData:
    """New secrets, fetched by one worker at a time; whoever comes second waits and reads what the first has saved.

    `account.secrets` is what the caller used in vain. Raises Unauthorized, Unavailable, Unconfirmed.
    """
    used = vault.open(account.public_id, account.secrets)
    token = secrets.token_hex(16)
    began = time.monotonic()
    while not _take(account, token, now + timedelta(seconds=time.monotonic() - began)):
        if time.monotonic() - began > _lease_seconds():
            raise Unavailable(_("Another worker is still renewing the sign-in."))
        time.sleep(LOOK_AGAIN)
        account.refresh_from_db(fields=["secrets", "state"])
        if vault.open(account.public_id, account.secrets) != used:
            return platform_tools.account_data(account)
    try:
        return _refresh(account, used, token)
    finally:
        Account.objects.filter(pk=account.pk, token=token).update(token="", lease_until=None)


def disconnect(account: Account, actor: User, now: datetime) -> int:
    """Wipe the sign-in, cancel what waits, keep the row and its history; tell how many deliveries were canceled."""
    with transaction.atomic():
        waiting = Delivery.objects.filter(account=account)
        posts = list(waiting.filter(status__in=[Status.SCHEDULED, Status.RETRYING]).values_list("post_id", flat=True))
        gone = {"state": Account.State.DISCONNECTED, "state_reason": "", "secrets": "", "is_paused": False}
        # Without its lease, whoever renews the sign-in right now has nowhere to put it.
        free = {"token": "", "lease_until": None, "waits_until": None}
        Account.objects.filter(pk=account.pk).update(**gone, **free, sync_error="")
        account.refresh_from_db()
        canceled = sum(
            move_many(waiting, status, Status.CANCELED, due_at=None, queued_at=None)
            for status in (Status.SCHEDULED, Status.RETRYING)
        )
        _ask_a_person(account)
        data = {"account": str(account)}
        Event.objects.bulk_create(
            Event(post_id=post, actor=actor, kind="canceled", data=data, at=now) for post in posts
        )
        boards.touch(account.workspace_id)
    return canceled


def _set_paused(account: Account, is_paused: bool) -> int:
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_paused=is_paused)
        account.refresh_from_db()
        changed = holds.put(account)
        boards.touch(account.workspace_id)
    return changed


def _lost_sentence(sentence: str, held: int) -> str:
    if not held:
        return sentence
    return _("%(why)s Posts that are held until then: %(count)s.") % {"why": sentence, "count": held}


def _lease_seconds() -> float:
    return float(settings.PUNCTUAL["publish_deadline"] + settings.PUNCTUAL["lease_extra"])


def _take(account: Account, token: str, now: datetime) -> bool:
    free = Account.objects.filter(Q(token="") | Q(lease_until__lt=now), pk=account.pk)
    return free.update(token=token, lease_until=now + timedelta(seconds=_lease_seconds())) == 1


def _refresh(account: Account, used: dict[str, Any], token: str) -> AccountData:
    # Somebody may have renewed them between our failure and our lease.
    account.refresh_from_db(fields=["secrets", "state", "state_reason"])
    if vault.open(account.public_id, account.secrets) != used:
        return platform_tools.account_data(account)
    with foreseen():
        fresh = platform_tools.platform_for(account).refresh()
    if fresh is None:
        raise Unauthorized(_("The platform no longer accepts this sign-in."))
    sealed = vault.seal(account.public_id, fresh)
    # Committed before its first use: a pair that is used and not kept is a lost session.
    if Account.objects.filter(pk=account.pk, token=token).update(secrets=sealed) == 1:
        account.secrets = sealed
    return platform_tools.account_data(account)


def _ask_a_person(account: Account) -> None:
    """Without a sign-in nothing can be looked up any more."""
    rows = Delivery.objects.filter(account=account)
    move_many(rows, Status.PROCESSING, Status.UNCONFIRMED, due_at=None, queued_at=None, hold_reason=Hold.NONE)
    unsure = rows.filter(status=Status.UNCONFIRMED)
    unsure.update(due_at=None, queued_at=None)
    # What is in the trash stays there.
    unsure.exclude(hold_reason=Hold.DELETED).update(hold_reason=Hold.NONE)
