"""After a jump of the clock: what the wrong one wrote must hold nothing up, and no running lease may lapse by it."""

from datetime import datetime, timedelta

from django.db.models import DateTimeField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Greatest

from scheduler_ui.engine import clock
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import WAITING, Account, Attempt, Budget, Delivery, Status, Worker, Workspace

ASKED = [Status.RETRYING, Status.PROCESSING, Status.UNCONFIRMED]
# What two clocks may differ by.
SOON = timedelta(seconds=2)
# The worker before this one may have run by a wrong clock.
_is_new = True


def is_settled() -> bool:
    """Whether a tick may act: after a jump, once ticks agree and what the wrong clock wrote is mended."""
    global _is_new
    if clock.is_steady() and not _is_new:
        return True
    if not clock.agree():
        return False
    mend(clock.now())
    _is_new = False
    clock.go_on()
    return True


def mend(now: datetime) -> None:
    """Repeatable."""
    if not clock.is_steady():
        # Whoever was offered them has given up.
        offered = Delivery.objects.filter(due_at__lte=now + span("look_ahead"), queued_at__isnull=False)
        offered.update(queued_at=None)
    for delivery in _rows([Status.PUBLISHING]):
        _begin_lease_again(delivery, now)
    for delivery in _rows(ASKED).filter(lease_until__gt=now + _lease()):
        _free(delivery)
    # Few have an attempt that ended in what is now the future, however many there are.
    later = Attempt.objects.filter(delivery=OuterRef("pk"), ended_at__gt=now + SOON)
    for delivery in _rows(ASKED).filter(Exists(later), due_at__isnull=False):
        _wait_anew(delivery, now)
    for account in Account.objects.filter(waits_until__gt=now):
        _let_go_on(account, now)
    Account.objects.filter(lease_until__gt=now + _lease()).update(token="", lease_until=None)
    if clock.has_gone_back() and not clock.is_steady():
        _forget_turns(now)
    # Its own beat comes within seconds.
    Worker.objects.filter(beat_at__gt=now + span("worker_gone")).delete()


def _forget_turns(now: datetime) -> None:
    """Whose turn it is in a backlog, or within a limit, was counted by the wrong clock: it is counted anew."""
    Budget.objects.filter(free_at__gt=now).update(free_at=now)
    moved = Delivery.objects.filter(status=Status.SCHEDULED, hold_reason="", due_at__gt=now)
    moved.exclude(account__waits_until__gt=now).filter(due_at__gt=F("scheduled_for")).update(
        due_at=Greatest("scheduled_for", _value(now)), queued_at=None
    )


def _rows(statuses: list[Status]) -> QuerySet[Delivery]:
    # By workspace, for there is an index to it: they are few among many that are only scheduled.
    return Delivery.objects.filter(workspace__in=Workspace.objects.values("pk"), status__in=statuses)


def _begin_lease_again(delivery: Delivery, now: datetime) -> None:
    """A live worker keeps its lease although the clock ran past its end; a dead one's ends in its own length."""
    until, marked_at = delivery.lease_until, delivery.marked_at
    if until is None or marked_at is None:
        return
    if _is_future(marked_at, now) or clock.is_leapt_over(until):
        until_now = now + (until - marked_at)
        as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, token=delivery.token)
        as_read.update(lease_until=until_now, due_at=until_now)


def _free(delivery: Delivery) -> None:
    """Nobody looks something up for hours."""
    Delivery.objects.filter(pk=delivery.pk, token=delivery.token).update(token="", lease_until=None)


def _wait_anew(delivery: Delivery, now: datetime) -> None:
    """As long as was meant, counted from now."""
    last = delivery.attempts.filter(ended_at__isnull=False).order_by("-id").first()
    if delivery.due_at is None or last is None or last.ended_at is None or not _is_future(last.ended_at, now):
        return
    due_at = now + max(delivery.due_at - last.ended_at, timedelta())
    if delivery.status == Status.RETRYING:
        due_at = max(due_at, delivery.scheduled_for or due_at)
    as_read = Delivery.objects.filter(pk=delivery.pk, status=delivery.status, due_at=delivery.due_at)
    as_read.update(due_at=due_at, queued_at=None)


def _let_go_on(account: Account, now: datetime) -> None:
    """A rate limit too lasts as long as was meant."""
    limits = Attempt.objects.filter(delivery__account=account, next_at=account.waits_until)
    limit = limits.exclude(ended_at=None).order_by("-id").first()
    if limit is None or limit.ended_at is None or limit.next_at is None or not _is_future(limit.ended_at, now):
        return
    until = now + (limit.next_at - limit.ended_at)
    Account.objects.filter(pk=account.pk, waits_until=account.waits_until).update(waits_until=until)
    moved = Delivery.objects.filter(account=account, status__in=WAITING, due_at=account.waits_until)
    moved.update(due_at=Greatest("scheduled_for", _value(until)), queued_at=None)


def _value(moment: datetime) -> Value:
    return Value(moment, DateTimeField())


def _is_future(moment: datetime, now: datetime) -> bool:
    return moment > now + SOON


def _lease() -> timedelta:
    return span("publish_deadline") + span("lease_extra")
