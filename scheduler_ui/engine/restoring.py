"""Restore mode's part of the machine: what may have gone out since the backup is looked for before it is sent."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from scheduler_ui.domain import accounts, platform_tools, telling
from scheduler_ui.domain.holds import hold_for, hold_now, turned_to
from scheduler_ui.domain.mishaps import foreseen
from scheduler_ui.engine import claims, clock, keys, ledger, resolve, settle, switch, touches
from scheduler_ui.engine.numbers import span, spans
from scheduler_ui.models import WAITING, Account, Attempt, Delivery, Hold, Notice, Status, move_to
from scheduler_ui.platforms.base import Kind, Platform
from scheduler_ui.platforms.outcomes import PlatformError, Published, Unauthorized, Unavailable

logger = logging.getLogger(__name__)
AT_ONCE = 20
# A look that failed, or whose worker died, is made again.
AGAIN = timedelta(seconds=30)
SEEN = [Attempt.Outcome.ABSENT, Attempt.Outcome.UNCONFIRMED]
_last_look = 0.0


def hold(delivery: Delivery, mode: switch.Restored | None) -> Hold:
    """Whether a waiting delivery must be looked for first, whoever took a hold off it."""
    if mode is None or delivery.created_at >= mode.at:
        return Hold.NONE
    # Looked for since, or sent since: then the lost history is no longer the question.
    since = delivery.attempts.filter(marked_at__gte=mode.at)
    is_known = since.filter(Q(kind=Attempt.Kind.SEND) | Q(kind=Attempt.Kind.LOOKUP, outcome__in=SEEN)).exists()
    return Hold.NONE if is_known else Hold.RESTORED


def offer_looks(now: datetime, wake: Callable[[int], object], *, every: float = 1.0) -> int:
    """Wake a worker for what must be looked for, the next due first; at most once in `every` seconds."""
    global _last_look
    mode = switch.restored()
    if mode is None or time.monotonic() - _last_look < every:
        return 0
    _last_look = time.monotonic()
    # A network may list a post only some time after it has taken it.
    if now < mode.at + spans("lookup_delays")[-1]:
        return 0
    rows = Delivery.objects.filter(status__in=WAITING, hold_reason=Hold.RESTORED)
    rows = rows.filter(Q(queued_at__isnull=True) | Q(queued_at__lt=now - AGAIN))
    # Whoever was asked to slow down does so here too.
    rows = rows.exclude(account__waits_until__gt=now)
    held = Account.objects.filter(pk__in=rows.values("account"))
    blind = [row.pk for row in held if platform_tools.platform_for(row).kind == Kind.BLIND]
    offered = 0
    # Where nobody can be asked, a person is, once it is due.
    for key in (
        rows.exclude(account__in=blind, due_at__gt=now).order_by("due_at").values_list("pk", flat=True)[:AT_ONCE]
    ):
        if rows.filter(pk=key).update(queued_at=now):
            wake(key)
            offered += 1
    return offered


def look_back(delivery_id: int) -> None:
    """Look for one held delivery: out already, not out and free to go, or for a person to say."""
    mode = switch.restored()
    joined = Delivery.objects.select_related("account", "post", "workspace")
    delivery = joined.filter(pk=delivery_id, status__in=WAITING, hold_reason=Hold.RESTORED).first()
    if mode is None or delivery is None:
        return
    if hold_for(delivery.account, delivery.post) not in {Hold.NONE, Hold.PAUSED}:
        _release(delivery, None)
        return
    platform = platform_tools.platform_for(delivery.account)
    if platform.kind == Kind.BLIND:
        ledger.write(lambda: _ask(delivery, mode), delivery)
        touches.add(delivery.workspace_id)
    else:
        _look(delivery, platform, mode)


def _look(delivery: Delivery, platform: Platform, mode: switch.Restored) -> None:
    now = clock.now()
    lease = platform.deadline * 2 + span("lease_extra")
    as_read = {"status": delivery.status, "version": delivery.version, "hold_reason": Hold.RESTORED}
    token = claims.take(delivery, now, lease, **as_read)
    if token is None:
        return
    delivery.token, delivery.lease_until = token, now + lease
    try:
        key, payload = _frozen(delivery, platform)
        delivery.key, delivery.payload = key, payload
        attempt = claims.open_next(delivery, Attempt.Kind.LOOKUP, now=now)
        found = resolve.find(platform, delivery, mode.moment - resolve.SKEW)
    except PlatformError as error:
        _failed(delivery, error, token)
        return
    if found is not None:
        _adopt(delivery, attempt, found)
    else:
        _release(delivery, attempt)


def _frozen(delivery: Delivery, platform: Platform) -> tuple[str, dict[str, Any]]:
    """The key and the payload that the lost history began with; nothing of it is saved unless it is found."""
    content = platform_tools.content_of(delivery)
    kept = delivery.prepared or {}
    with foreseen():
        results = dict(kept["results"]) if kept.get("version") == delivery.version else {}
        if not results and platform.needs_prepare(content):
            results = platform.prepare(content)
        key = keys.key_of(delivery, platform)
        return key, platform.freeze(content, results, key)


def _adopt(delivery: Delivery, attempt: Attempt, found: Published) -> None:
    """It is out. Should this worker die in between, the usual look-up finds it again."""
    now = clock.now()
    changes: dict[str, Any] = {
        "due_at": now,
        "hold_reason": Hold.NONE,
        "key": delivery.key,
        "payload": delivery.payload,
    }
    if ledger.write(lambda: move_to(delivery, Status.UNCONFIRMED, **changes), delivery):
        try:
            settle.settle(delivery, attempt, found, now=now)
        except Unavailable as error:
            resolve.look_failed(delivery, attempt, error)


def _release(delivery: Delivery, attempt: Attempt | None) -> None:
    """It is not out: free for its time, or for the late policy."""

    def free() -> None:
        held = Delivery.objects.filter(pk=delivery.pk, version=delivery.version, hold_reason=Hold.RESTORED)
        hold = hold_now(delivery.account_id, delivery.post)
        if held.filter(token=delivery.token).update(**settle.FREE | turned_to(hold)) == 1 and attempt is not None:
            resolve.close(attempt, Attempt.Outcome.ABSENT, None)

    ledger.write(free)
    touches.add(delivery.workspace_id)


def _ask(delivery: Delivery, mode: switch.Restored) -> None:
    now = clock.now()
    error = _("Restored from a backup of %(moment)s UTC: it may have gone out since.")
    error %= {"moment": f"{mode.moment:%Y-%m-%d %H:%M}"}
    changes: dict[str, Any] = settle.FREE | {"due_at": None, "hold_reason": Hold.NONE, "error": error}
    if not move_to(delivery, Status.UNCONFIRMED, fence=("hold_reason", "due_at"), **changes):
        return
    attempt = claims.open_next(delivery, Attempt.Kind.LOOKUP, now=now)
    Attempt.objects.filter(pk=attempt.pk).update(outcome=Attempt.Outcome.UNCONFIRMED, error=error, ended_at=now)
    telling.tell(Notice.Kind.ASKED, delivery, now, body=error)


def _failed(delivery: Delivery, error: PlatformError, token: str) -> None:
    """That says nothing about the post: it stays held, and is looked for again."""
    logger.warning("%s could not be looked for: %s", delivery.public_id, error)
    opened = delivery.attempts.filter(kind=Attempt.Kind.LOOKUP, token=token)
    opened.update(outcome=Attempt.Outcome.UNAVAILABLE, error=str(error)[:500], ended_at=clock.now())
    if isinstance(error, Unauthorized):
        accounts.lose(delivery.account, str(error), clock.now())
    if isinstance(error, Unavailable) and error.retry_after:
        until = clock.now() + error.retry_after
        sooner = Q(waits_until__isnull=True) | Q(waits_until__lt=until)
        Account.objects.filter(sooner, pk=delivery.account_id).update(waits_until=until)
    claims.release(delivery, token)
