"""What is past its time: judged by its late policy, then sent oldest first, one per account and gap.

A row that must wait for its turn gets it at once, as a later `due_at`: nothing is looked at again and again, and rows
of other accounts never stand behind it.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction

from scheduler_ui.domain import digests
from scheduler_ui.engine import backlog, budgets, clock, touches
from scheduler_ui.engine.backlog import Row
from scheduler_ui.engine.numbers import span
from scheduler_ui.engine.spared import spared
from scheduler_ui.models import WAITING, Attempt, Delivery, Status, Update, move_many, update_row

logger = logging.getLogger(__name__)
# What is read at once: no more than there is room for, where nothing but sending is to be decided.
FEWEST, AT_ONCE = 64, 200


@dataclass
class Round:
    """What becomes of a batch: sent now, sent in turn, or too late; `seen` rows of `limit` at most were read."""

    seen: int = 0
    limit: int = AT_ONCE
    offered: list[Row] = field(default_factory=list)
    turns: list[tuple[Row, datetime]] = field(default_factory=list)
    missed: list[Row] = field(default_factory=list)

    @property
    def handled(self) -> int:
        return len(self.offered) + len(self.turns) + len(self.missed)

    @property
    def is_full(self) -> bool:
        return self.seen == self.limit

    @property
    def has_more(self) -> bool:
        """Whether there was more of it than could be decided about: the next round need not wait for the tick."""
        return self.is_full or self.seen > self.handled

    def add(self, other: "Round") -> None:
        self.offered += other.offered
        self.turns += other.turns
        self.missed += other.missed


def work_off(now: datetime, statuses: Sequence[str], room: int, full_accounts: Sequence[int]) -> Round:
    """Decide about a batch of what is overdue, in one transaction; at most `room` of it may be offered now."""
    limit = min(max(2 * room, FEWEST), AT_ONCE)
    rows_due = backlog.of(now, statuses, full_accounts)
    if not rows_due.exists():
        return Round()
    rows: list[Row] = []
    try:
        with spared(), transaction.atomic():
            rows = backlog.oldest(rows_due, limit)
            found = _decide(rows, now, room)
    except (OperationalError, InterfaceError):
        raise  # the database is away, or was too busy for all of it
    except Exception:
        logger.exception("%d overdue deliveries are looked at one by one", len(rows))
        found = _one_by_one(rows, now, room)
    found.limit = limit
    for row in found.missed:
        touches.add(row.workspace_id)
    if found.missed:
        logger.warning("missed %d: no worker sent them in time", len(found.missed))
    return found


def is_given_up(delivery: Delivery, now: datetime) -> bool:
    """Whether a message came so late (the machine slept, the queue was away) that the next round will judge: missed."""
    row = Row.of(delivery)
    if row.due_at > now - span("fresh") or not row.is_too_late(now - _jump(now)):
        return False
    return row.pk not in _may_be_out([row])


def _one_by_one(rows: Sequence[Row], now: datetime, room: int) -> Round:
    """One row that cannot be dealt with must not keep the others waiting."""
    found = Round(seen=len(rows))
    for row in rows:
        try:
            with transaction.atomic():
                found.add(_decide([row], now, room - len(found.offered)))
        except Exception:
            logger.exception("delivery %d could not be offered", row.pk)
    return found


def _decide(rows: Sequence[Row], now: datetime, room: int) -> Round:
    if not rows:
        return Round()
    found = _judge(rows, now, room)
    _write(found, now)
    return found


def _judge(rows: Sequence[Row], now: datetime, room: int) -> Round:
    found = Round(seen=len(rows))
    may_be_out = _may_be_out(rows)
    lines: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row.is_too_late(now - _jump(now)) and row.pk not in may_be_out:
            found.missed.append(row)
        elif row.is_planned or row.pk in may_be_out or not span("catch_up_gap"):
            if len(found.offered) < room:
                found.offered.append(row)
        else:
            lines[row.account_id].append(row)
    _give_turns(lines, found, now, room)
    return found


def _may_be_out(rows: Iterable[Row]) -> set[int]:
    """What may be out already was not missed."""
    keys = {row.pk: row.key for row in rows}
    unclear = Attempt.objects.filter(delivery__in=keys, outcome=Attempt.Outcome.UNCONFIRMED)
    return {pk for pk, key in unclear.values_list("delivery_id", "key") if keys[pk] == key}


def _give_turns(lines: dict[int, list[Row]], found: Round, now: datetime, room: int) -> None:
    """The first of an account may go now, if the account is free and there is room; the others get a moment each."""
    free_from = budgets.free_from(map(_line, lines))
    # Oldest first among the accounts, too: they stand in the order in which they were read.
    may_go = {
        account_id
        for account_id in list(lines)[: max(room - len(found.offered), 0)]
        if free_from.get(_line(account_id), now) <= now
    }
    # In one order everywhere: workers that plan at the same time never wait for each other in a circle.
    for account_id in sorted(lines):
        is_free = free_from.get(_line(account_id), now) <= now
        if is_free and account_id not in may_go:
            continue  # it is this account's turn, and no thread has time for it yet
        _line_up(account_id, lines[account_id], found, now)


def _line_up(account_id: int, rows: Sequence[Row], found: Round, now: datetime) -> None:
    gap, jump = span("catch_up_gap"), _jump(now)
    turn = budgets.line_up(_line(account_id), gap, now, len(rows))
    for row in rows:
        if row.is_too_late(turn - jump):
            # Its turn would come later than its policy allows: better said now than then.
            found.missed.append(row)
            continue
        if turn <= now:
            found.offered.append(row)
        else:
            found.turns.append((row, turn))
        turn += gap


def _jump(now: datetime) -> timedelta:
    """What the clock has just jumped by makes nothing late until that is certain."""
    leap = clock.leap()
    return max(now - leap[0], timedelta()) if leap else timedelta()


def _line(account_id: int) -> str:
    return f"catch_up:{account_id}"


def _write(found: Round, now: datetime) -> None:
    missed: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for row in found.missed:
        missed[row.status, row.is_skipped_then].append(row.pk)
    for (status, is_skipped), keys in missed.items():
        still = Delivery.objects.filter(pk__in=keys, hold_reason="", due_at__lte=now)
        move_many(still, status, Status.MISSED, due_at=None, settled_at=now, queued_at=None, is_skipped=is_skipped)
    offered = Delivery.objects.filter(pk__in=[row.pk for row in found.offered], due_at__lte=now)
    offered.update(queued_at=now)
    for row, turn in found.turns:
        # As if offered so long ago that it is offered again when its turn comes, and does not stand in line once more.
        changes = {"due_at": turn, "queued_at": turn - span("reoffer") - timedelta(milliseconds=1)}
        update_row(Update(Delivery, row.pk, changes, {"status": row.status, "due_at": row.due_at}))
    digests.after_outage(_outages(found), now)


def _outages(found: Round) -> list[digests.Outage]:
    """What this batch means for each workspace."""
    late = [*found.offered, *(row for row, _turn in found.turns)]
    outages: dict[int, digests.Outage] = {}
    for row in (*found.missed, *late):
        if row.status in WAITING:
            outage = outages.setdefault(row.workspace_id, digests.Outage(row.workspace_id, row.late_since))
            outage.since = min(outage.since, row.late_since)
    for row in found.missed:
        outage = outages[row.workspace_id]
        (outage.skipped if row.is_skipped_then else outage.missed).append(row.pk)
    for row in late:
        if row.status in WAITING:
            outages[row.workspace_id].late += 1
    return list(outages.values())
