"""Many at once: rows 4, 21 and 26."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.faults.checker import Row
from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Net, Stage, now, soon

# The program's own gap between an account's overdue posts, in real seconds in both tiers: a tenth of it would be the
# machine's own unevenness. And how late one of them may itself be.
GAP, LATE_ITSELF = 3, 2
# What is no longer due than this goes at once, before the backlog.
NOT_FRESH = timedelta(seconds=5)
# So many in an account's line show a pace.
SHOWING = 4


@row(4, "4 workers, 1,000 due in one second", cores=1.2, seconds=45)
def one_second(stage: Stage) -> None:
    net, count = stage.net(), stage.many(1000, 1000)
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(20) for kind in KINDS]
    for _ in range(4):
        # A crowded machine answers late; that is not what this row is about.
        stage.worker(is_awaited=False, PUBLISH_DEADLINE=f"{20 / stage.scale:g}")
    stage.until(lambda: len(stage.query("SELECT 1 FROM scheduler_ui_worker")) == 4, 60, "four workers beat")
    at = soon(5 + count / 1000)
    stage.posts(accounts, [at] * count)
    stage.insist(at > now(), "everything was scheduled in time")
    stage.settle(seconds=60 + count / 50)
    stage.insist(all(row.status == "published" for row in stage.rows()), "all of them are published")


@row(21, "10,000 due after 6 h of downtime", cores=0.6, seconds=75)
def downtime(stage: Stage) -> None:
    """What is not too late goes out oldest first and paced, the rest asks, and what is due now does not wait."""
    net, count = stage.net(), stage.many(10_000, 2000)
    accounts = [stage.account(f"key-{number}", net) for number in range(stage.many(50, 50))]
    hours = timedelta(hours=6) * stage.scale
    old = stage.posts(accounts, [now() - hours * (number + 1) / count for number in range(count)])
    began = now()
    stage.worker(CATCH_UP_GAP=f"{GAP / stage.scale:g}")
    begin = soon(1)
    fresh = stage.posts(accounts, [begin + timedelta(seconds=0.2 * number) for number in range(100)])
    stage.settle(fresh, seconds=60)
    late = _lateness(net, stage.rows(fresh))
    stage.insist(len(late) == len(fresh), f"{len(late)} of {len(fresh)} fresh ones are out")
    stage.insist(
        late and _part(late, 95) <= stage.bound(5), f"fresh ones are on time: p95 {late and _part(late, 95):.1f} s"
    )
    stage.settle(old, seconds=GAP * count / len(accounts) + 60)
    _in_turn(stage, net, [row for row in stage.rows(old) if row.scheduled_for < began - NOT_FRESH])
    limit = timedelta(minutes=60) * stage.scale
    stage.insist(not [one for one in _lateness(net, stage.rows(old)) if one > limit.total_seconds() + 5], "by policy")
    digests = stage.notices("digest")
    stage.insist(len(digests) == 1, f"one digest tells what happened, not {len(digests)}")
    stage.insist(not stage.notices("missed"), "and no notice for each")
    stage.insist(any(row.status == "missed" for row in stage.rows(old)), "some were too late")


def _in_turn(stage: Stage, net: Net, rows: Sequence[Row]) -> None:
    """Of each account the oldest first, and the gap between any two, by the network's log."""
    sent: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    out = _out(net)
    for one in rows:
        if one.mark in out:
            sent[one.account].append((out[one.mark], one.scheduled_for))
    lines = [sorted(line) for line in sent.values()]
    disordered = [line for line in lines if [at for _out_at, at in line] != sorted(at for _out_at, at in line)]
    stage.insist(not disordered, f"{len(disordered)} of {len(lines)} accounts were not sent to oldest first")
    apart = [_too_near([at for at, _promised in line]) for line in lines]
    stage.insist(not any(apart), f"{sum(apart)} pairs of {len(lines)} accounts went out within the gap")
    stage.insist(sum(len(line) >= SHOWING for line in lines) > len(lines) / 2, "there was something to pace")


def _too_near(moments: Sequence[datetime]) -> int:
    """How many pairs are nearer to each other than the gaps between them, though the earlier may be late itself."""
    return sum(
        (later - earlier).total_seconds() < GAP * (above - below) - LATE_ITSELF
        for below, earlier in enumerate(moments)
        for above, later in enumerate(moments[below + 1 :], below + 1)
    )


def _lateness(net: Net, rows: Sequence[Row]) -> list[float]:
    """Seconds, of those that are out, by the network's log."""
    out = _out(net)
    return [(out[row.mark] - row.scheduled_for).total_seconds() for row in rows if row.mark in out]


def _out(net: Net) -> dict[tuple[str, str], datetime]:
    """When each came, by account and text."""
    return {(arrival.account, arrival.text_sha256): arrival.at for arrival in net.arrivals() if arrival.accepted}


def _part(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


@row(26, "one network hangs with 200 posts due on it", cores=0.5, seconds=60)
def hanging(stage: Stage) -> None:
    net, dead = stage.net(), stage.net("dead")
    for _ in range(2):
        stage.worker()
    stuck = [stage.account(f"key-stuck{number}", dead) for number in range(10)]
    well = [stage.account(f"{kind}-well{number}", net) for number in range(4) for kind in KINDS]
    dead.script({"match": "*", "do": "silence"})
    begin = soon(2)
    hung = stage.posts(stuck, [begin] * stage.many(200, 200))
    moments = _every(begin + timedelta(seconds=0.5), 0.1, stage.many(200, 200))
    fine = stage.posts(well, moments)
    stage.settle(fine, seconds=60 + (moments[-1] - begin).total_seconds())
    late = _lateness(net, stage.rows(fine))
    stage.insist(len(late) == len(fine), f"{len(late)} of {len(fine)} are out on the others")
    stage.insist(
        late and _part(late, 99) <= stage.bound(1), f"the others stay on time: p99 {late and _part(late, 99):.2f} s"
    )
    dead.clear()
    stage.recovers("it answers again", stage.lease / stage.scale + 330, hung)
    stage.settle(hung, seconds=stage.bound(30 + 330))


def _every(begin: datetime, seconds: float, count: int) -> list[datetime]:
    return [begin + timedelta(seconds=seconds * number) for number in range(count)]
