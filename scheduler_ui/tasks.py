"""Huey's way in: each task fetches nothing and decides nothing, it calls one function."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from huey import crontab
from huey.contrib.djhuey import HUEY, close_db, db_periodic_task, db_task

from scheduler_ui.domain import mail, media, sync, trash, zone_data
from scheduler_ui.engine import budgets, clock, deliver, leaps, offers, prepare, recover, restoring, touches
from scheduler_ui.engine.numbers import span

SLOW = HUEY.slow


@db_task()
def deliver_delivery(delivery_id: int) -> None:
    deliver.deliver(delivery_id)


@db_periodic_task(crontab())
def check_due() -> None:
    if settings.PUNCTUAL["offers_by"] != "tick":
        offers.offer_due(clock.now(), wake, busy=len(deliver.in_flight), ahead=_ahead())


@HUEY.on_pulse("tick")
def tick(now: datetime) -> None:
    if leaps.is_settled() and offers.has_work(now):
        recover.recover_lapsed(now)
        if settings.PUNCTUAL["offers_by"] != "minute":
            offers.offer_due(now, wake, busy=len(deliver.in_flight), ahead=_ahead())
    restoring.offer_looks(now, wake_look)


@HUEY.on_pulse("touches")
def tell_pages(now: datetime) -> None:
    touches.flush()


def _ahead() -> timedelta | None:
    """While the queue is away nothing can wait in it: only what this process's threads can begin now is offered."""
    return span("lead") + span("tick") if HUEY.is_away() else None


def wake(offered: Sequence[tuple[int, datetime]]) -> None:
    HUEY.wake([deliver_delivery.s(delivery_id, eta=eta) for delivery_id, eta in offered])


@HUEY.when_lost
@close_db
def offer_again() -> None:
    recover.forget_offers(clock.now())


def wake_look(delivery_id: int) -> None:
    SLOW.enqueue(look_back_for.s(delivery_id))


@SLOW.task()
@close_db
def look_back_for(delivery_id: int) -> None:
    restoring.look_back(delivery_id)


@db_periodic_task(crontab())
def offer_preparations() -> None:
    for delivery_id in prepare.due_soon(clock.now()):
        SLOW.enqueue(prepare_delivery.s(delivery_id))


@SLOW.task()
@close_db
def prepare_delivery(delivery_id: int) -> None:
    prepare.prepare_early(delivery_id)


@db_periodic_task(crontab())
def sync_accounts() -> None:
    SLOW.enqueue(sync_due_accounts.s())


@SLOW.task()
@close_db
def sync_due_accounts() -> None:
    sync.sync_due(clock.now())


@db_periodic_task(crontab())
def send_mail() -> None:
    SLOW.enqueue(send_waiting_mail.s())


@SLOW.task()
@close_db
def send_waiting_mail() -> None:
    mail.send_waiting(clock.now())


@db_periodic_task(crontab(hour="3", minute="30"))
def sweep() -> None:
    trash.purge(clock.now())
    media.sweep(clock.now())
    budgets.sweep(clock.now())


@db_periodic_task(crontab(minute="7"))
def follow_zone_data() -> None:
    SLOW.enqueue(catch_up_with_zone_data.s())


@SLOW.on_startup()
@close_db
def catch_up_at_start() -> None:
    zone_data.catch_up(clock.now())


@SLOW.task()
@close_db
def catch_up_with_zone_data() -> None:
    zone_data.catch_up(clock.now())
