"""What became of the demo's posts: the moves that a worker would have made, with the answers it would have had."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.domain import telling
from scheduler_ui.models import Attempt, Delivery, Notice, Post, Status, move_to

Outcome = Attempt.Outcome
WORKER = "harbor-1"
TOLD = {
    Status.FAILED: Notice.Kind.FAILED,
    Status.MISSED: Notice.Kind.MISSED,
    Status.UNCONFIRMED: Notice.Kind.ASKED,
}
FREE: dict[str, Any] = {"token": "", "lease_until": None}


@dataclass(frozen=True)
class Try:
    """One attempt: what came of it, after how many seconds, in whose words."""

    outcome: str
    seconds: float = 0.18
    answer: str = ""
    error: str = ""
    next_at: datetime | None = None


def publish(post: Post, place: int = 0) -> None:
    """Out on every account, each a little after its second; some of a month are late, and it is known why."""
    delays = {4: _after_503, 9: _after_429, 13: _without_worker}
    for number, delivery in enumerate(post.deliveries.select_related("account")):
        if place in delays and number == 0:
            delays[place](delivery)
        else:
            _out(delivery, _sent(delivery, 11 + (place * 17 + 23 * number) % 60))


def end(delivery: Delivery, status: str, now: datetime) -> None:
    """Bring one scheduled delivery to where the demo wants it."""
    steps: dict[Status, Callable[[Delivery, datetime], None]] = {
        Status.PUBLISHED: lambda delivery, now: _out(delivery, _sent(delivery, 40)),
        Status.PROCESSING: _processing,
        Status.RETRYING: _retrying,
        Status.UNCONFIRMED: _unconfirmed,
        Status.FAILED: _failed,
        Status.MISSED: lambda delivery, now: _leave(delivery, Status.MISSED, settled_at=now),
        Status.CANCELED: lambda delivery, now: _leave(delivery, Status.CANCELED),
    }
    steps[Status(status)](delivery, now)
    if status in TOLD:
        telling.tell(TOLD[Status(status)], delivery, now)


def _out(delivery: Delivery, sent_at: datetime) -> None:
    _claim(delivery, sent_at)
    remote_id = secrets.token_hex(8)
    if delivery.account.platform == "feed":
        delivery.remote_url = f"{delivery.account.url}{delivery.post.public_id}/"
    settled: dict[str, Any] = {
        "settled_at": sent_at,
        "due_at": None,
        "remote_id": remote_id,
        "remote_url": delivery.remote_url,
    }
    answer = "" if delivery.account.platform == "feed" else "201 Created"
    _try(delivery, sent_at, Try(Outcome.PUBLISHED, answer=answer))
    move_to(delivery, Status.PUBLISHED, **FREE, **settled)


def _after_503(delivery: Delivery) -> None:
    again = _sent(delivery, 302_000)
    busy = Try(Outcome.UNAVAILABLE, 0.2, "503 Service Unavailable", "The network is busy (503).", again)
    _try(delivery, _sent(delivery), busy)
    _out(delivery, again)


def _after_429(delivery: Delivery) -> None:
    again = _sent(delivery, 41_000)
    _try(delivery, _sent(delivery), Try(Outcome.UNAVAILABLE, 0.1, "429 Too Many Requests: retry after 40", "", again))
    _out(delivery, again)


def _without_worker(delivery: Delivery) -> None:
    _out(delivery, _sent(delivery, 781_000))
    delivery.attempts.update(worker_since=_sent(delivery, 779_000))


def _processing(delivery: Delivery, now: datetime) -> None:
    sent_at = _sent(delivery)
    _claim(delivery, sent_at)
    check_at = now + timedelta(minutes=4)
    handle = {"remote_id": secrets.token_hex(8), "ready_at": check_at.isoformat()}
    _try(delivery, sent_at, Try(Outcome.ACCEPTED, 0.61, "202 Accepted", next_at=check_at))
    move_to(delivery, Status.PROCESSING, **FREE, handle=handle, due_at=check_at)


def _retrying(delivery: Delivery, now: datetime) -> None:
    sent_at, next_at = _sent(delivery), now + timedelta(minutes=9)
    _claim(delivery, sent_at)
    error = "The network could not be reached: the connection was refused."
    _try(delivery, sent_at, Try(Outcome.UNAVAILABLE, 0.03, error=error, next_at=next_at))
    move_to(delivery, Status.RETRYING, **FREE, tries=1, error=error, due_at=next_at)


def _unconfirmed(delivery: Delivery, now: datetime) -> None:
    sent_at = _sent(delivery)
    _claim(delivery, sent_at)
    slower_at = sent_at + timedelta(seconds=5)
    busy = Try(Outcome.UNAVAILABLE, 0.09, "429 Too Many Requests: retry after 5", next_at=slower_at)
    _try(delivery, sent_at, busy)
    lost = "The connection closed after the whole request was sent."
    _try(delivery, slower_at, Try(Outcome.UNCONFIRMED, 20, error=lost))
    Delivery.objects.filter(pk=delivery.pk).update(sent_at=slower_at)
    move_to(delivery, Status.UNCONFIRMED, **FREE, error=lost, due_at=None)


def _failed(delivery: Delivery, now: datetime) -> None:
    sent_at = _sent(delivery)
    _claim(delivery, sent_at)
    error = "The rehearsal network refused it, as it was told to."
    _try(delivery, sent_at, Try(Outcome.REJECTED, 0.11, "422 Unprocessable Content", error))
    move_to(delivery, Status.FAILED, **FREE, error=error, due_at=None, settled_at=sent_at)


def _leave(delivery: Delivery, status: Status, **changes: Any) -> None:
    move_to(delivery, status, due_at=None, **changes)


def _sent(delivery: Delivery, milliseconds: int = 31) -> datetime:
    assert delivery.scheduled_for is not None
    return delivery.scheduled_for + timedelta(milliseconds=milliseconds)


def _claim(delivery: Delivery, sent_at: datetime) -> None:
    marked: dict[str, Any] = {
        "marked_at": sent_at - timedelta(milliseconds=100),
        "sent_at": sent_at,
        "key": secrets.token_hex(16),
    }
    lease: dict[str, Any] = {"token": secrets.token_hex(16), "lease_until": sent_at + timedelta(seconds=30)}
    move_to(delivery, Status.PUBLISHING, **marked, **lease, tries=1)


def _try(delivery: Delivery, sent_at: datetime, what: Try) -> None:
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.attempts.count() + 1,
        key=delivery.key,
        marked_at=sent_at - timedelta(milliseconds=100),
        sent_at=sent_at,
        ended_at=sent_at + timedelta(seconds=what.seconds),
        outcome=what.outcome,
        answer=what.answer,
        error=what.error,
        next_at=what.next_at,
        worker=WORKER,
    )
