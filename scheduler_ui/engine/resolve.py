"""What happens after a send: asking after something accepted, and finding out about a lost answer."""

from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.domain import accounts, platform_tools, telling
from scheduler_ui.domain.holds import hold_now
from scheduler_ui.domain.mishaps import foreseen
from scheduler_ui.engine import claims, clock, crash, ledger, settle, touches
from scheduler_ui.engine.numbers import span, spans
from scheduler_ui.models import Attempt, Delivery, Notice, Status, move_to
from scheduler_ui.platforms.base import Kind, Platform
from scheduler_ui.platforms.outcomes import (
    Accepted,
    Expired,
    PlatformError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)

# A platform's clock may differ from ours: a post that is a little older than the mark can still be ours.
SKEW = timedelta(seconds=30)
GIVE_UP = timedelta(hours=24)


def follow(delivery: Delivery, now: datetime) -> None:
    """Ask the platform how something accepted is doing."""
    attempt = _question(delivery, Attempt.Kind.FOLLOW, now)
    if attempt is None:
        return
    platform = platform_tools.platform_for(delivery.account)
    try:
        outcome: Published | Accepted | PlatformError = _follow(platform, delivery)
    except PlatformError as error:
        outcome = error
    if isinstance(outcome, Published | Rejected):
        settle.settle(delivery, attempt, outcome, now=clock.now())
    elif now - (delivery.sent_at or now) > GIVE_UP:
        silent = Unconfirmed("The platform took it a day ago and has not said since whether it is out.")
        settle.settle(delivery, attempt, silent, now=clock.now())
    else:
        _ask_again(delivery, attempt, outcome)


def _follow(platform: Platform, delivery: Delivery) -> Published | Accepted:
    handle, payload = delivery.handle or {}, delivery.payload or {}
    with foreseen():
        try:
            return platform.follow(handle, payload)
        except Expired:
            fresh = accounts.refresh(delivery.account, clock.now())
            return type(platform)(fresh, platform.tools).follow(handle, payload)


def look(delivery: Delivery, now: datetime) -> None:
    """After a lost answer: KEY sends again under the same key, LOOKUP searches the account's own posts first."""
    attempt = _question(delivery, Attempt.Kind.LOOKUP, now)
    if attempt is None:
        return
    crash.point("lookup")
    platform = platform_tools.platform_for(delivery.account)
    try:
        found = find(platform, delivery)
        if found is not None:
            settle.settle(delivery, attempt, found, now=clock.now())
    except PlatformError as error:
        look_failed(delivery, attempt, error)
        return
    if found is None:
        _absent(delivery, attempt, platform.kind, clock.now())


def find(platform: Platform, delivery: Delivery, since: datetime | None = None) -> Published | None:
    """What is there of a delivery, sent at `since` or later (default: at its first try). Raises PlatformError."""
    first = delivery.attempts.filter(kind=Attempt.Kind.SEND, key=delivery.key).order_by("id").first()
    since = since or (first.marked_at if first else delivery.marked_at or delivery.created_at) - SKEW - clock.doubt()
    others = Delivery.objects.filter(account=delivery.account).exclude(pk=delivery.pk).exclude(remote_id="")
    owned = frozenset(others.filter(settled_at__gte=since).values_list("remote_id", flat=True))
    payload = delivery.payload or {}
    with foreseen():
        try:
            return platform.find(payload, delivery.key, since, owned)
        except Expired:
            fresh = accounts.refresh(delivery.account, clock.now())
            return type(platform)(fresh, platform.tools).find(payload, delivery.key, since, owned)


def _absent(delivery: Delivery, attempt: Attempt, kind: Kind, now: datetime) -> None:
    """It is not there (yet): look again, or send again once this round is over."""
    lookups = delivery.lookups + 1
    delays = settle.look_delays(kind)
    per_round = 1 if kind == Kind.KEY else len(spans("lookup_delays"))
    if lookups >= len(delays):
        _keep(delivery, attempt, None, Attempt.Outcome.ABSENT, lookups=lookups)
    elif lookups % per_round == 0:
        if ledger.write(lambda: _send_again(delivery, attempt, lookups, now), delivery):
            touches.add(delivery.workspace_id)
    else:
        _keep(delivery, attempt, now + delays[lookups], Attempt.Outcome.ABSENT, lookups=lookups)


def _send_again(delivery: Delivery, attempt: Attempt, lookups: int, now: datetime) -> bool:
    changes: dict[str, Any] = settle.FREE | {"due_at": settle.not_early(delivery, now), "lookups": lookups}
    if not move_to(delivery, Status.RETRYING, **changes, hold_reason=hold_now(delivery.account_id, delivery.post)):
        return False
    close(attempt, Attempt.Outcome.ABSENT, now)
    return True


def look_failed(delivery: Delivery, attempt: Attempt, error: PlatformError) -> None:
    """A look-up that failed says nothing about the post: look again later, and ask after a day."""
    now = clock.now()
    if isinstance(error, Unauthorized):
        accounts.lose(delivery.account, str(error), now)
    is_over = isinstance(error, Unauthorized) or now - (delivery.marked_at or now) > GIVE_UP
    wait = error.retry_after if isinstance(error, Unavailable) else None
    next_at = None if is_over else now + (wait or spans("lookup_delays")[-1])
    _keep(delivery, attempt, next_at, Attempt.Outcome.UNAVAILABLE, error)


def _question(delivery: Delivery, kind: str, now: datetime) -> Attempt | None:
    """The lease and the attempt that it is for, in one commit. None: it is somebody else's, or not due any more."""
    lease = span("publish_deadline") + span("lease_extra")
    as_read = {"status": delivery.status, "version": delivery.version, "due_at": delivery.due_at}

    def ask() -> Attempt | None:
        token = claims.take(delivery, now, lease, **as_read)
        if token is None:
            return None
        delivery.token, delivery.lease_until = token, now + lease
        return claims.open_next(delivery, kind, now=now)

    return ledger.write(ask, delivery)


def _ask_again(delivery: Delivery, attempt: Attempt, outcome: Accepted | PlatformError) -> None:
    now = clock.now()
    wait = spans("lookup_delays")[-1]
    if isinstance(outcome, Accepted):
        wait, changes, kind = outcome.check_after, {"handle": dict(outcome.handle)}, Attempt.Outcome.ACCEPTED
    else:
        changes, kind = {}, Attempt.Outcome.UNAVAILABLE
    if isinstance(outcome, Unavailable):
        wait = outcome.retry_after or wait
    if isinstance(outcome, Unauthorized):
        accounts.lose(delivery.account, str(outcome), now)
    _keep(delivery, attempt, now + wait, kind, outcome, **changes)


def _keep(
    delivery: Delivery,
    attempt: Attempt,
    next_at: datetime | None,
    outcome: str,
    answer: Accepted | PlatformError | None = None,
    **changes: object,
) -> None:
    """Same status, another moment, or none: then a person is asked. Fenced and in one commit like every settlement."""

    def keep() -> bool:
        as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, token=delivery.token)
        if as_read.update(due_at=next_at, **settle.FREE, **changes) != 1:
            return False
        close(attempt, outcome, next_at, answer)
        if next_at is None:
            telling.tell(Notice.Kind.ASKED, delivery, clock.now())
        return True

    if ledger.write(keep, delivery):
        touches.add(delivery.workspace_id)


def close(
    attempt: Attempt, outcome: str, next_at: datetime | None, answer: Accepted | PlatformError | None = None
) -> None:
    error = str(answer)[:500] if isinstance(answer, PlatformError) else ""
    Attempt.objects.filter(pk=attempt.pk).update(
        outcome=outcome,
        ended_at=clock.now(),
        next_at=next_at,
        error=error,
        answer=answer.answer[:4000] if answer else "",
    )
