"""What a person may decide about one delivery."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import adoptions, arming, boards
from scheduler_ui.domain.holds import BRAKES, hold_for
from scheduler_ui.domain.refusals import AlreadyStarted, InThePast, Refused, started_sentence
from scheduler_ui.models import WAITING, Account, Delivery, Event, Status, User, move_to


def cancel(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Keep it from going out; of what failed or was missed, hear no more. Raises AlreadyStarted."""
    if delivery.status not in WAITING | {Status.FAILED, Status.MISSED}:
        raise AlreadyStarted(started_sentence())
    _move(delivery, Status.CANCELED, actor, now, "canceled", due_at=None, version=delivery.version + 1)


def publish_now(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Send a waiting or ended delivery at once. Its promise becomes this moment. Raises Refused, AlreadyStarted.

    Said of what the runaway brake holds, it means that the brake is not meant for this one.
    """
    if delivery.status not in WAITING | {Status.FAILED, Status.MISSED, Status.CANCELED, Status.DRAFT}:
        raise AlreadyStarted(started_sentence())
    with transaction.atomic():
        waived = {"is_brake_waived": True} if delivery.hold_reason in BRAKES else {}
        arming.rearm(delivery, arming.next_second(now), is_armed=True, **waived)
        _remember(delivery, actor, now, "now")


def retry(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """Try a failed, missed or canceled delivery again, now."""
    if delivery.status not in {Status.FAILED, Status.MISSED, Status.CANCELED}:
        raise Refused(_("Only a post that has ended can be tried again."))
    with transaction.atomic():
        arming.rearm(delivery, arming.next_second(now), is_armed=True)
        _remember(delivery, actor, now, "retried")


def reschedule(delivery: Delivery, at: datetime, *, actor: User, now: datetime) -> None:
    """Promise one delivery for another instant; the post's other deliveries stay. Raises AlreadyStarted, InThePast."""
    if at < now:
        raise InThePast(_("That time has passed. Choose a later one, or publish now."), "when")
    if delivery.status not in WAITING | {Status.FAILED, Status.MISSED, Status.CANCELED}:
        raise AlreadyStarted(started_sentence())
    with transaction.atomic():
        arming.rearm(delivery, at, is_armed=True)
        _remember(delivery, actor, now, "moved")


def confirm_there(delivery: Delivery, url: str, remote_id: str = "", *, actor: User, now: datetime) -> None:
    """A person saw it on the platform; where, and as which of its posts, may be empty. Raises Refused."""
    _refuse_unless_asked(delivery)
    found = {"remote_url": url, "remote_id": remote_id} if remote_id else {"remote_url": url}
    with transaction.atomic():
        adoptions.refuse_anothers(delivery, remote_id)
        _move(delivery, Status.PUBLISHED, actor, now, "there", due_at=None, settled_at=now, error="", **found)


def confirm_absent(delivery: Delivery, *, actor: User, now: datetime) -> None:
    """A person looked and it is not there: send again now, under the same key. Raises Refused."""
    _refuse_unless_asked(delivery)
    account = Account.objects.get(pk=delivery.account_id)
    if account.state == Account.State.DISCONNECTED:
        raise Refused(_("The account is disconnected: connect it again, or drop this post."))
    changes = {
        "due_at": max(now, delivery.scheduled_for or now),
        "tries": 0,
        "lookups": 0,
        "error": "",
        "queued_at": None,
    }
    changes |= {"hold_reason": hold_for(account, delivery.post)}
    _move(delivery, Status.RETRYING, actor, now, "absent", **changes)


def _refuse_unless_asked(delivery: Delivery) -> None:
    if delivery.status != Status.UNCONFIRMED:
        raise Refused(_("This has been answered already."))


def _move(delivery: Delivery, status: str, actor: User, now: datetime, kind: str, **changes: Any) -> None:
    with transaction.atomic():
        if not move_to(delivery, status, **changes):
            raise AlreadyStarted(_("It has just changed. Look again, then decide."))
        _remember(delivery, actor, now, kind)


def _remember(delivery: Delivery, actor: User, now: datetime, kind: str) -> None:
    data = {"account": str(delivery.account)}
    Event.objects.create(post_id=delivery.post_id, actor=actor, kind=kind, data=data, at=now)
    boards.touch(delivery.workspace_id)
