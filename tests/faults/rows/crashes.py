"""Workers that die, end or stop: rows 1, 2, 3 and 5."""

import signal
import time
from datetime import datetime, timedelta
from subprocess import Popen

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Net, Stage, now, soon
from tests.rig import processes

BEFORE_THE_CLAIM = ("offered", "taken", "preparing", "prepared")
AFTER_THE_CLAIM = ("claimed", "before_send", "sent", "answered", "settled", "lookup")
Worker = Popen[bytes]


@row(1, "kill -9 at each crash point x 3 kinds", parts=(*KINDS, "restarted"), cores=0.25, seconds=110, rounds=10)
def crash_points(stage: Stage) -> None:
    net = stage.net()
    if stage.part == "restarted":
        account = stage.account("key-restarted", net)
        for point in (*BEFORE_THE_CLAIM, "claimed", "answered"):
            _restarted(stage, net, account, point)
        return
    account = stage.account(f"{stage.part}-1", net)
    other = stage.worker()
    for point in (*BEFORE_THE_CLAIM, *AFTER_THE_CLAIM):
        _taken_over(stage, net, account, point, other)


def _taken_over(stage: Stage, net: Net, account: object, point: str, other: Worker) -> None:
    """One worker dies at the point while the other sleeps; then the other one is awake."""
    stage.stop(other)
    ids, crashed_at = _crash(stage, net, account, point)
    stage.proceed(other)
    if crashed_at:
        within = 1 if point in BEFORE_THE_CLAIM else 30 + 30
        stage.windows.append(stage.window(point, within, ids, crashed_at))
    stage.settle(ids, seconds=stage.bound(60))


def _restarted(stage: Stage, net: Net, account: object, point: str) -> None:
    """The only worker dies, and is started again at once."""
    ids, crashed_at = _crash(stage, net, account, point)
    again = stage.worker(is_awaited=False)
    if crashed_at:
        within = 5 if point in BEFORE_THE_CLAIM else 30 + 30
        stage.windows.append(stage.window(f"{point}, restarted", within, ids, crashed_at))
    stage.settle(ids, seconds=stage.bound(60))
    processes.end(again)


def _crash(stage: Stage, net: Net, account: object, point: str) -> tuple[list[int], datetime | None]:
    """Have a worker of its own meet one post and die at the point; None: it did not die."""
    once = stage.folder / f"crashed-{point}"
    crash_at = {} if point == "sent" else {"CRASH_AT": point, "CRASH_ONCE": str(once)}
    worker = stage.worker(**crash_at)
    if point == "sent":
        net.script({"match": f"{account}/posts", "method": "POST", "do": "delay", "seconds": 1, "times": 1})
    elif point == "lookup":
        net.script({"match": f"{account}/posts", "method": "POST", "do": "reset_after", "times": 1})
    seen = len(net.arrivals())
    ids = stage.post([account], soon(0.5), has_picture=point in {"preparing", "prepared"})
    if point == "sent" and processes.wait_for(lambda: len(net.arrivals()) > seen, 20, 0.005):
        return ids, stage.kill(worker)  # the network has it, and its answer is on the way
    limit = 3 if point == "lookup" and str(account).startswith("blind") else 20
    died = processes.wait_for(lambda: worker.poll() is not None, limit, 0.005)
    crashed_at = now() if died else None
    if not died:
        processes.end(worker)
        is_expected = point == "lookup" and str(account).startswith("blind")  # nothing is looked up there
        stage.insist(is_expected, f"{point}: the worker did not come to this point")
    return ids, crashed_at


@row(2, "random kill -9 of workers", cores=0.6, seconds=70)
def random_kills(stage: Stage) -> None:
    """The table: 100 kills over 1,000 posts."""
    net, kills, count = stage.net(), stage.many(100, 14), stage.many(1000, 210)
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(4) for kind in KINDS]
    net.script({"match": "*/posts", "method": "POST", "do": "delay", "seconds": 0.3})
    workers = [stage.worker(), stage.worker()]
    first, span = soon(2), kills * 2.5
    stage.posts(accounts, sorted(first + timedelta(seconds=stage.random.uniform(0, span)) for _ in range(count)))
    time.sleep(max((first - now()).total_seconds(), 0))
    for _ in range(kills):
        time.sleep(stage.random.uniform(1, 4) * span / kills / 2.5)
        victim = stage.random.randrange(2)
        stage.kill(workers[victim])
        workers[victim] = stage.worker(is_awaited=False)
    stage.recovers("last kill", 90)
    stage.settle(seconds=stage.bound(90) + 10)
    _only_blind_is_asked(stage)


@row(3, "SIGTERM while publishing; SIGKILL 10 s later", cores=0.3, seconds=45, rounds=10)
def ended(stage: Stage) -> None:
    net = stage.net()
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(4) for kind in KINDS]
    answer_after = stage.span(8)
    net.script({"match": "*/posts", "method": "POST", "do": "delay", "seconds": answer_after})
    worker = stage.worker()
    in_time = stage.posts(accounts, [soon(0.5)] * len(accounts))
    stage.until(lambda: len(net.arrivals()) == len(accounts), 20, "all are going out")
    worker.send_signal(signal.SIGTERM)
    ended_at = now()
    ends = processes.wait_for(lambda: worker.poll() is not None, answer_after + 10, 0.02)
    stage.insist(ends and worker.returncode == 0, f"it ends in order ({worker.returncode})")
    stage.insist(all(row.status == "published" for row in stage.rows(in_time)), "what was going out is written down")
    settled = [row.settled_at for row in stage.rows(in_time) if row.settled_at]
    stage.insist(settled and max(settled) >= ended_at, "it was ended while publishing")
    stage.insist(not stage.query("SELECT 1 FROM scheduler_ui_worker"), "its row is gone at once")
    _killed_after_all(stage, net, accounts)


def _killed_after_all(stage: Stage, net: Net, accounts: list) -> None:
    """The answer takes longer than the ten seconds between the two signals."""
    net.clear()
    net.script({"match": "*/posts", "method": "POST", "do": "delay", "seconds": stage.span(18), "times": len(accounts)})
    worker, seen = stage.worker(), len(net.arrivals())
    ids = stage.posts(accounts, [soon(0.5)] * len(accounts))
    stage.until(lambda: len(net.arrivals()) == seen + len(accounts), 20, "all are going out again")
    worker.send_signal(signal.SIGTERM)
    time.sleep(stage.span(10))
    stage.insist(worker.poll() is None, "it waits for its answers")
    stage.kill(worker)
    stage.worker()
    stage.recovers("killed after all", 30 + 30, ids)
    stage.settle(ids, seconds=stage.bound(60))
    _only_blind_is_asked(stage)


@row(5, "SIGSTOP past the lease, then SIGCONT", cores=0.3, seconds=45, rounds=10)
def stopped(stage: Stage) -> None:
    """Some posts are claimed and not sent when it is stopped, others are sent and not answered."""
    net = stage.net()
    claimed = [stage.account(f"{kind}-claimed", net) for kind in KINDS]
    sent = [stage.account(f"{kind}-sent", net) for kind in KINDS]
    net.script(
        {"match": "*-sent/posts", "method": "POST", "do": "delay", "seconds": stage.span(10), "times": len(sent)}
    )
    # Claimed long before its second, under a lease that allows for it.
    early = {"CLAIM_BEFORE": 1.5, "LEAD": 2, "LEASE_EXTRA": 4}
    late = stage.worker(**{name: f"{seconds / stage.scale:g}" for name, seconds in early.items()})
    first = soon(2)
    stage.posts(sent, [first] * len(sent))
    ids = stage.posts(claimed, [first + timedelta(seconds=1)] * len(claimed))
    stage.until(lambda: _is_between(stage, net, ids, len(sent)), 20, "three are sent, three are claimed")
    stage.stop(late)
    stage.worker()
    stage.recovers("stopped", 90)
    stage.settle(seconds=stage.bound(90))
    time.sleep(max((first - now()).total_seconds() + stage.span(20) + 6, 0))
    stage.proceed(late)
    stage.until(lambda: stage.log().count("fenced off") >= 6, 20, "the late writer is fenced off and says so")
    _only_blind_is_asked(stage)


def _is_between(stage: Stage, net: Net, claimed: list[int], sent: int) -> bool:
    return len(net.arrivals()) == sent and all(row.status == "publishing" for row in stage.rows(claimed))


def _only_blind_is_asked(stage: Stage) -> None:
    others = [row for row in stage.rows() if not row.account.startswith("blind")]
    stage.insist(not any(row.is_asked for row in others), "nobody is asked where the network can be")
    stage.insist(all(row.status == "published" for row in others), "key and look-up: published in the end")
