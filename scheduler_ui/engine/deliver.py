"""The one path that publishes: claim before the second, send at the second, settle once."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, transaction

from scheduler_ui.domain import accounts, platform_tools
from scheduler_ui.domain.holds import hold_for, hold_now
from scheduler_ui.domain.mishaps import place_of
from scheduler_ui.engine import (
    beats,
    claims,
    clock,
    crash,
    loans,
    overdue,
    prepare,
    rates,
    resolve,
    restoring,
    settle,
    switch,
    ticks,
)
from scheduler_ui.engine.numbers import span
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import WAITING, Attempt, Delivery, Status
from scheduler_ui.platforms.base import Platform
from scheduler_ui.platforms.outcomes import Accepted, Expired, PlatformError, Published, Unavailable, Unconfirmed

logger = logging.getLogger(__name__)
Outcome = Published | Accepted | PlatformError

# The deliveries that threads of this process are busy with, offered ones that wait for their second included.
in_flight: set[int] = set()
_in_flight_lock = threading.Lock()


def deliver(delivery_id: int) -> None:
    """Do what is next for one delivery: send it, ask after it or look for it. Nothing to do is nothing done.

    Then the same for what is parked meanwhile, for want of a seat.
    """
    try:
        _deliver_once(delivery_id)
    finally:
        _take_up_parked()
    if seats.wants_more():
        ticks.bell.set()


def _take_up_parked() -> None:
    while (parked := seats.next_parked(in_flight)) is not None:
        try:
            _deliver_once(*parked)
        except DatabaseError:
            break  # the next ones would fare no better; whatever is still due is offered again
        except Exception as error:
            logger.error("a delivery failed in a way that it should not: %s", place_of(error))


def _deliver_once(delivery_id: int, known: Delivery | None = None) -> None:
    seats.taken(delivery_id)
    with _in_flight_lock:
        if delivery_id in in_flight:
            return
        in_flight.add(delivery_id)
    try:
        _deliver(delivery_id, known)
    finally:
        with _in_flight_lock:
            in_flight.discard(delivery_id)


def _deliver(delivery_id: int, known: Delivery | None) -> None:
    crash.point("taken")
    delivery = known if known is not None and _is_fresh(known) else _read(delivery_id)
    if delivery is None or delivery.due_at is None or delivery.hold_reason:
        return
    if delivery.due_at > clock.now() + _early():
        return
    if not clock.is_steady() or clock.is_leapt_over(delivery.due_at):
        return
    network = platform_tools.network_of(delivery.account)
    with seats.held(delivery.pk, network, delivery.account_id, delivery) as has_seat:
        if has_seat:
            _act(delivery)


def _is_fresh(delivery: Delivery) -> bool:
    """As long as it may wait for its second it may wait for a seat: the claim is fenced by what was read."""
    return delivery.status in WAITING and time.monotonic() < delivery.is_read_until


def _read(delivery_id: int) -> Delivery | None:
    delivery = Delivery.in_full(delivery_id)
    if delivery is not None:
        delivery.is_read_until = time.monotonic() + _early().total_seconds()
    return delivery


def _early() -> timedelta:
    """How long before its second a delivery may be taken."""
    return span("lead") * 2 + timedelta(seconds=1)


def _act(delivery: Delivery) -> None:
    if delivery.status in WAITING:
        _send(delivery)
    elif delivery.status == Status.PROCESSING:
        resolve.follow(delivery, clock.now())
    elif delivery.status == Status.UNCONFIRMED:
        resolve.look(delivery, clock.now())


def _send(delivery: Delivery) -> None:
    account, due_at = delivery.account, delivery.due_at
    assert due_at is not None  # the table's constraint for what waits
    if not switch.is_publishing_on() or _waits(delivery, due_at, account.waits_until):
        return
    if overdue.is_given_up(delivery, clock.now()):
        return
    if _is_held(delivery):
        return
    platform = platform_tools.platform_for(account)
    platform.tools = replace(platform.tools, sent=partial(crash.point, "sent"))
    frozen = prepare.frozen(delivery, platform)
    if frozen is None:
        return
    key, payload = frozen
    platform.warm()
    loans.give_back()
    if not clock.sleep_until(due_at - span("claim_before")):
        return
    if rates.must_wait(delivery, platform, clock.now()):
        return
    lease = platform.deadline + span("lease_extra")
    attempt = claims.claim(delivery, now=clock.now(), lease=lease, key=key, payload=payload, worker=beats.worker_name())
    if attempt is None:
        return
    crash.point("claimed")
    _publish(delivery, attempt, platform, due_at)


def _is_held(delivery: Delivery) -> bool:
    """The account's and restore mode's word counts, should somebody who had read an older one have overwritten it."""
    delivery.account.workspace = delivery.workspace  # read with the delivery; asking for it again costs a query
    if not (hold_for(delivery.account, delivery.post) or restoring.hold(delivery, switch.restored())):
        return False
    with transaction.atomic():
        # What we have read may be lifted by now: a hold put after that would never be taken off.
        hold = hold_now(delivery.account_id, delivery.post) or restoring.hold(delivery, switch.restored_now())
        free = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, hold_reason="")
        if hold:
            free.update(hold_reason=hold)
    return bool(hold)


def _waits(delivery: Delivery, due_at: datetime, until: datetime | None) -> bool:
    """A rate limit moves what was saved after it too."""
    if until is None or until <= due_at:
        return False
    as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, version=delivery.version)
    as_read.update(due_at=until, queued_at=None)
    return True


def _publish(delivery: Delivery, attempt: Attempt, platform: Platform, due_at: datetime) -> None:
    loans.give_back()
    is_time = clock.sleep_until(due_at)
    sent_at = clock.now()
    if not is_time:
        outcome: Outcome = settle.NotBegun("The clock was set just then; nothing has been sent.", due_at)
    elif not _has_time(delivery, platform):
        # Stopped, or kept from writing too long: nothing has been sent, and the lease may lapse before the answer.
        outcome = settle.NotBegun("This worker was stopped before it could send.", due_at)
    else:
        crash.point("before_send")
        outcome = call(platform, delivery.payload or {}, delivery.key, delivery)
    crash.point("answered")
    settle.settle(delivery, attempt, outcome, sent_at=sent_at, now=clock.now())
    crash.point("settled")


def call(platform: Platform, payload: Mapping[str, Any], key: str, delivery: Delivery) -> Outcome:
    """One try: the platform's answer or error, with one refresh and a second go where the sign-in has expired."""
    outcome = _call_once(platform, payload, key)
    if not isinstance(outcome, Expired):
        return outcome
    try:
        fresh = accounts.refresh(delivery.account, clock.now())
    except PlatformError as error:
        return error
    if not _has_time(delivery, platform):
        return Unavailable("Renewing the sign-in took too long; nothing has been sent.")
    return _call_once(type(platform)(fresh, platform.tools), payload, key)


def _has_time(delivery: Delivery, platform: Platform) -> bool:
    """Whether an answer would come before the lease ends, however long it takes."""
    return delivery.lease_until is not None and clock.now() + platform.deadline <= delivery.lease_until


def _call_once(platform: Platform, payload: Mapping[str, Any], key: str) -> Outcome:
    try:
        return platform.publish(payload, key)
    except PlatformError as error:
        return error
    except Exception as error:
        # A mistake in a platform's code may come after its bytes went out, and its words may quote a secret.
        logger.error("a platform failed in a way that it should not: %s", place_of(error))
        return Unconfirmed("Something went wrong while it was being sent.")
