"""Turning a platform's answer into exactly one transition, fenced by the claim's token."""

import logging
import random
import time
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import Error, close_old_connections
from django.db.models import Q
from django.utils.translation import gettext as _

from scheduler_ui.domain import accounts, adoptions, platform_tools, telling
from scheduler_ui.domain.holds import hold_now
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import answers, claims, clock, ledger, touches
from scheduler_ui.engine.numbers import span, spans
from scheduler_ui.models import WAITING, Account, Attempt, Delivery, Move, Notice, Status
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import (
    Accepted,
    PlatformError,
    Published,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)

logger = logging.getLogger(__name__)
FREE = {"token": "", "lease_until": None, "queued_at": None}
RATE_LIMIT_DEFAULT = timedelta(seconds=60)


class NotBegun(Unavailable):
    """The worker itself gave up before it called the platform: no try, and due again at `due_at`."""

    def __init__(self, sentence: str, due_at: datetime):
        super().__init__(sentence)
        self.due_at = due_at


def settle(
    delivery: Delivery,
    attempt: Attempt,
    outcome: Published | Accepted | PlatformError,
    *,
    now: datetime,
    sent_at: datetime | None = None,
) -> bool:
    """Write the answer down; with the database away, keep it and try until the lease ends.

    False: the lease was lost, so somebody else decides, and this answer is only logged. Raises Unavailable where a
    look-up has found what is another delivery's, or may be: that says nothing about this one.
    """
    until = delivery.lease_until or now
    while True:
        try:
            is_ours = _settle(delivery, attempt, outcome, sent_at or delivery.sent_at, now)
            break
        except Error:
            logger.exception("the answer for %s could not be saved yet", delivery.public_id)
            close_old_connections()
            if clock.now() >= until:
                return False
            time.sleep(span("tick").total_seconds())
    if is_ours:
        touches.add(delivery.workspace_id)
        _log(delivery)
    else:
        logger.warning("fenced off: the answer for %s came after its lease had gone", delivery.public_id)
        answers.keep_late(attempt, outcome)
    return is_ours


def unconfirmed(delivery: Delivery, now: datetime, sentence: str) -> bool:
    """A lapsed lease: whoever held it may have sent."""
    sends = delivery.attempts.filter(kind=Attempt.Kind.SEND).order_by("-id")
    attempt = sends.filter(token=delivery.token).first() or sends.first()
    if attempt is None:
        attempt = claims.open_attempt(delivery, Attempt.Kind.SEND, 1, now=now, worker="")
    # Had it been sent, then in that claim: not at the moment of an earlier try, and not before its time.
    sent_at = max(attempt.marked_at, delivery.scheduled_for or attempt.marked_at)
    return settle(delivery, attempt, Unconfirmed(sentence), now=now, sent_at=sent_at)


def _settle(
    delivery: Delivery,
    attempt: Attempt,
    outcome: Published | Accepted | PlatformError,
    sent_at: datetime | None,
    now: datetime,
) -> bool:
    decided = _decide(delivery, outcome, now)

    def moved(status: Status, changes: dict[str, Any]) -> Move:
        closing = answers.closing(attempt, outcome, sent_at, now, changes.get("due_at"))
        return Move(delivery, status, then=closing, **changes, sent_at=sent_at)

    def write() -> bool:
        if is_found:
            _refuse_anothers(delivery, decided[1]["remote_id"])
        is_ours = moved(*_while_sending(delivery, *decided, now)).make()
        if is_ours:
            _tell(delivery, outcome, now)
        return is_ours

    # What was found under a key of its own is nobody else's.
    is_found = isinstance(outcome, Published) and attempt.kind == Attempt.Kind.LOOKUP and _kind(delivery) != Kind.KEY
    # Where all went well there is nothing to look up, and nobody to tell.
    if isinstance(outcome, Published | Accepted) and not is_found:
        return ledger.move(moved(*decided))
    return ledger.write(write, delivery)


def _kind(delivery: Delivery) -> Kind:
    return platform_tools.platform_for(delivery.account).kind


def _refuse_anothers(delivery: Delivery, remote_id: str) -> None:
    """Two deliveries of the same words may look at one moment, and both be shown one post. Raises Unavailable."""
    try:
        adoptions.refuse_anothers(delivery, remote_id)
    except Refused as refusal:
        raise Unavailable(str(refusal)) from None


def _while_sending(
    delivery: Delivery, status: Status, changes: dict[str, Any], now: datetime
) -> tuple[Status, dict[str, Any]]:
    """What people did to the account meanwhile: a pause holds the next try, disconnecting ends it."""
    if status != Status.RETRYING:
        return status, changes
    account = Account.objects.get(pk=delivery.account_id)
    if account.state == Account.State.DISCONNECTED:
        error = _("The account was disconnected while this was being sent; it is not tried again.")
        return Status.FAILED, changes | {"due_at": None, "settled_at": now, "error": error}
    return status, changes | {"hold_reason": hold_now(account.pk, delivery.post)}


def _decide(
    delivery: Delivery, outcome: Published | Accepted | PlatformError, now: datetime
) -> tuple[Status, dict[str, Any]]:
    ended: dict[str, Any] = FREE | {"due_at": None, "settled_at": now}
    if isinstance(outcome, Published):
        found = {"remote_id": outcome.remote_id[:300], "remote_url": outcome.url[:500], "error": ""}
        return Status.PUBLISHED, ended | found
    if isinstance(outcome, Accepted):
        handle = {"handle": dict(outcome.handle), "error": ""}
        return Status.PROCESSING, FREE | handle | {"due_at": now + outcome.check_after}
    error = {"error": str(outcome)[:500]}
    if isinstance(outcome, Unavailable):
        return _again(delivery, outcome, now, error)
    if isinstance(outcome, Unconfirmed):
        return _unclear(delivery, now, error)
    return Status.FAILED, ended | error


def _again(
    delivery: Delivery, outcome: Unavailable, now: datetime, error: dict[str, str]
) -> tuple[Status, dict[str, Any]]:
    if outcome.is_rate_limit:
        due_at = not_early(delivery, now + (outcome.retry_after or RATE_LIMIT_DEFAULT))
        return Status.RETRYING, FREE | error | {"due_at": due_at, "tries": max(delivery.tries - 1, 0)}
    if isinstance(outcome, NotBegun):
        return Status.RETRYING, FREE | error | {"due_at": outcome.due_at, "tries": max(delivery.tries - 1, 0)}
    delays = spans("retry_delays")
    if delivery.tries > len(delays):
        return Status.FAILED, FREE | error | {"due_at": None, "settled_at": now}
    wait = delays[max(delivery.tries - 1, 0)] * random.uniform(0.9, 1.1)
    due_at = not_early(delivery, now + max(wait, outcome.retry_after or timedelta()))
    return Status.RETRYING, FREE | error | {"due_at": due_at, "tries": delivery.tries}


def not_early(delivery: Delivery, moment: datetime) -> datetime:
    """A clock that was set back has put the promise ahead again, also of what was claimed before."""
    return max(moment, delivery.scheduled_for or moment)


def _unclear(delivery: Delivery, now: datetime, error: dict[str, str]) -> tuple[Status, dict[str, Any]]:
    """By kind: look or send again by ourselves, else ask (due_at NULL)."""
    kind = _kind(delivery)
    if kind == Kind.BLIND:
        return _unclear_blind(delivery, now, error)
    delays = look_delays(kind)
    due_at = now + delays[delivery.lookups] if delivery.lookups < len(delays) else None
    return Status.UNCONFIRMED, FREE | error | {"due_at": due_at}


def look_delays(kind: Kind) -> list[timedelta]:
    """How long to wait before each look-up, from what came before it; after the last one a person is asked.

    LOOKUP: two rounds of looking with one more send between them; within a round the setting counts from its begin.
    KEY: a send under the same key after each look.
    """
    delays = spans("lookup_delays")
    if kind == Kind.KEY:
        return delays + spans("retry_delays")
    return [max(later - earlier, timedelta()) for earlier, later in pairwise([timedelta(), *delays])] * 2


def _unclear_blind(delivery: Delivery, now: datetime, error: dict[str, str]) -> tuple[Status, dict[str, Any]]:
    choice = delivery.account.blind_choice
    if choice == Account.Blind.SENT:
        return Status.PUBLISHED, FREE | {"due_at": None, "settled_at": now, "error": ""}
    can_try = delivery.tries <= len(spans("retry_delays"))
    if choice == Account.Blind.AGAIN and can_try:
        return Status.RETRYING, FREE | error | {"due_at": not_early(delivery, now)}
    return Status.UNCONFIRMED, FREE | error | {"due_at": None}


def _tell(delivery: Delivery, outcome: Published | Accepted | PlatformError, now: datetime) -> None:
    if isinstance(outcome, Unauthorized):
        accounts.lose(delivery.account, str(outcome), now)
    if isinstance(outcome, Unavailable) and outcome.is_rate_limit and delivery.due_at:
        _move_account(delivery.account, delivery.due_at)
    if delivery.status == Status.FAILED:
        telling.tell(Notice.Kind.FAILED, delivery, now)
    if delivery.status == Status.UNCONFIRMED and delivery.due_at is None:
        telling.tell(Notice.Kind.ASKED, delivery, now)


def _move_account(account: Account, until: datetime) -> None:
    """A 429 is meant for the account: all that waits on it waits."""
    shorter = Q(waits_until__isnull=True) | Q(waits_until__lt=until)
    Account.objects.filter(shorter, pk=account.pk).update(waits_until=until)
    waiting = Delivery.objects.filter(account=account, status__in=WAITING, due_at__lt=until)
    waiting.update(due_at=until, queued_at=None)


def _log(delivery: Delivery) -> None:
    account = f"{delivery.account.handle} on {delivery.account.platform}"
    if delivery.status == Status.PUBLISHED and delivery.sent_at and delivery.scheduled_for:
        late = (delivery.sent_at - delivery.scheduled_for).total_seconds()
        logger.info("published %s to %s, %.2f s after its time", delivery.public_id, account, late)
    else:
        logger.info("%s %s to %s: %s", delivery.status, delivery.public_id, account, delivery.error or "no error")
