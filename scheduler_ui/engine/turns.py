"""The line in which an account's overdue deliveries stand: each has its turn, a gap after the one before.

A turn is planned ahead and may be missed, by a worker that was too busy, asleep or dead. Then the whole line moves by
as much: what stands behind keeps its place and its gap, and does not go out all at once.
"""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan, LessThan

from scheduler_ui.engine import ledger
from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Budget, Delivery, Status, Tab

# A thread's delay is no missed turn.
MISSED = timedelta(seconds=1)
# due_at, hidden from the indexes by it: they would read all that is overdue, or all that is to come.
TURN = Coalesce("due_at", "scheduled_for")


def line(account_id: int) -> str:
    """The name of an account's line among the budgets."""
    return f"catch_up:{account_id}"


def offered_at(turn: datetime) -> datetime:
    """As if offered so long ago that it is offered again when its turn comes, and does not stand in line once more."""
    return turn - _long_ago()


def is_turn(status: str, scheduled_for: datetime, due_at: datetime) -> bool:
    """Whether it is due at its turn; what has never been sent is due later than promised for no other reason."""
    return status == Status.SCHEDULED and due_at > scheduled_for


def may_go(delivery: Delivery, now: datetime) -> bool:
    """Whether nothing stands before it in its account's line. Has it missed its turn, those behind move by as much.

    False: it is left to be offered again, like what stands before it.
    """
    due_at = delivery.due_at
    assert delivery.scheduled_for is not None  # the table's constraint for what waits
    assert due_at is not None
    if not is_turn(delivery.status, delivery.scheduled_for, due_at):
        return True
    in_line, late = _line_of(delivery, now), now - due_at
    before = in_line.filter(LessThan(TURN, due_at))
    if late <= MISSED:
        return not before.exists()

    def move_up() -> bool:
        # It may have been moved itself since it was read.
        is_there = in_line.filter(Exact(TURN, due_at), pk=delivery.pk).exists()
        if not is_there or before.exists():
            return False
        behind = in_line.filter(GreaterThan(TURN, due_at))
        if behind.update(due_at=F("due_at") + late, queued_at=F("due_at") + (late - _long_ago())):
            Budget.objects.filter(pk=line(delivery.account_id)).update(free_at=F("free_at") + late)
        return True

    return ledger.write(move_up)


def _line_of(delivery: Delivery, now: datetime) -> QuerySet[Delivery]:
    """As the account's list of what is upcoming has them, of which only what was promised by now is read."""
    listed = {"workspace": delivery.workspace_id, "account": delivery.account_id, "tab": Tab.UPCOMING}
    rows = Delivery.objects.filter(**listed, scheduled_for__lt=now, status=Status.SCHEDULED, hold_reason="")
    return rows.filter(GreaterThan(TURN, F("scheduled_for")), queued_at__isnull=False)


def _long_ago() -> timedelta:
    return span("reoffer") + timedelta(milliseconds=1)
