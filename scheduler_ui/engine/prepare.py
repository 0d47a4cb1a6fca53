"""Uploads and look-ups before a delivery's time; repeating one is harmless."""

from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.domain import accounts, platform_tools
from scheduler_ui.domain.mishaps import foreseen
from scheduler_ui.engine import claims, clock, crash, keys, settle
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import WAITING, Attempt, Delivery
from scheduler_ui.platforms.base import Content, Platform
from scheduler_ui.platforms.outcomes import Expired, PlatformError, Unavailable, Unconfirmed

AHEAD = timedelta(hours=1)
AT_ONCE = 200


def ensure(delivery: Delivery, platform: Platform, content: Content) -> dict[str, Any] | None:
    """What prepare() gave for this version, made now if it is missing. None: it could not be made, and is settled."""
    if not platform.needs_prepare(content):
        _mark_ready(delivery)
        return {}
    kept = delivery.prepared
    if kept and kept.get("version") == delivery.version:
        return dict(kept["results"])
    return _prepare(delivery, platform, content, clock.now())


def frozen(delivery: Delivery, platform: Platform) -> tuple[str, dict[str, Any]] | None:
    """The key and everything that will be sent. None: it could not be made, and is settled."""
    content = platform_tools.content_of(delivery)
    results = ensure(delivery, platform, content)
    if results is None or delivery.due_at is None:
        return None
    try:
        with foreseen():
            key = keys.key_of(delivery, platform)
            return key, platform.freeze(content, results, key)
    except PlatformError as error:
        _settle(delivery, error, clock.now())
        return None


def due_soon(now: datetime) -> list[int]:
    """Waiting deliveries of the next hour that nothing is known to be ready for."""
    waiting = Delivery.objects.filter(status__in=WAITING, hold_reason="", prepared__isnull=True)
    soon = waiting.filter(due_at__gt=now, due_at__lte=now + AHEAD).order_by("due_at")
    return list(soon.values_list("pk", flat=True)[:AT_ONCE])


def prepare_early(delivery_id: int) -> None:
    """The slow queue's way in: minutes ahead, under a lease of its own, status unchanged."""
    delivery = Delivery.objects.select_related("account", "post", "workspace").filter(pk=delivery_id).first()
    if delivery is None or delivery.status not in WAITING or delivery.hold_reason or delivery.prepared:
        return
    content = platform_tools.content_of(delivery)
    # Each upload has a deadline of its own; a lease that is too long costs nothing, for the claim does not mind it.
    lease = (len(content.media) + 1) * (span("publish_deadline") + span("lease_extra"))
    as_read = {"status": delivery.status, "version": delivery.version}
    token = claims.take(delivery, clock.now(), lease, **as_read)
    if token is None:
        return
    delivery.token = token
    try:
        ensure(delivery, platform_tools.platform_for(delivery.account), content)
    finally:
        claims.release(delivery, token)


def _mark_ready(delivery: Delivery) -> None:
    """Nothing to prepare: say so once, ahead of time, so that the next check does not look again."""
    if delivery.prepared is None and _is_early(delivery, clock.now()):
        as_read = Delivery.objects.filter(pk=delivery.pk, version=delivery.version)
        as_read.update(prepared={"version": delivery.version, "results": {}})


def _prepare(delivery: Delivery, platform: Platform, content: Content, now: datetime) -> dict[str, Any] | None:
    crash.point("preparing")
    try:
        results = _results(platform, delivery, content)
    except PlatformError as error:
        if _is_early(delivery, now) and isinstance(error, Unavailable | Unconfirmed):
            return None
        _settle(delivery, error, now)
        return None
    as_read = Delivery.objects.filter(pk=delivery.pk, version=delivery.version, token=delivery.token)
    as_read.update(prepared={"version": delivery.version, "results": results})
    crash.point("prepared")
    return results


def _settle(delivery: Delivery, error: PlatformError, now: datetime) -> None:
    """Nothing can have gone out, whatever the platform's code makes of a lost answer; but it was a try."""
    if isinstance(error, Unconfirmed):
        error = Unavailable(str(error), error.answer)
    delivery.tries += 1
    attempt = claims.open_next(delivery, Attempt.Kind.PREPARE, now=now)
    settle.settle(delivery, attempt, error, now=clock.now())


def _is_early(delivery: Delivery, now: datetime) -> bool:
    """There is time for another go before anything is late."""
    return delivery.due_at is not None and now < delivery.due_at - 2 * span("lead")


def _results(platform: Platform, delivery: Delivery, content: Content) -> dict[str, Any]:
    with foreseen():
        try:
            return platform.prepare(content)
        except Expired:
            fresh = accounts.refresh(delivery.account, clock.now())
            return type(platform)(fresh, platform.tools).prepare(content)
