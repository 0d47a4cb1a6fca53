"""The queue lost, away, broken or lied to: rows 6, 7, 8 and 23. It only wakes workers, so nothing may depend on it."""

import contextlib
import os
import pickle
import re
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Beside, Stage, now, soon
from tests.faults.web import Person, Web, words
from tests.rig import processes


def _queue(stage: Stage) -> Path:
    return stage.data / "queue.sqlite3"


@row(6, "the queue emptied with 1,000 scheduled", cores=0.5, seconds=50)
def flushed(stage: Stage) -> None:
    """Redis FLUSHALL; embedded, every row of the queue's file deleted. Again and again while they are due."""
    net, count = stage.net(), stage.many(1000, 300)
    for _ in range(2):
        stage.worker()
    accounts = [stage.account(f"key-{number}", net) for number in range(10)]
    first, span = soon(4), max(count / 100, 10)  # not so many at once that being late is a matter of the machine
    moments = sorted(first + timedelta(seconds=stage.random.uniform(0, span)) for _ in range(count))
    stage.posts(accounts, moments)
    while now() < moments[-1]:
        _empty(stage)
        time.sleep(2)
    stage.recovers("emptied", 2)
    stage.settle(seconds=60)
    most = timedelta(seconds=stage.bound(2))
    late = [row for row in stage.rows() if row.settled_at and row.settled_at - row.scheduled_for > most]
    stage.insist(not late, f"{len(late)} were more than {most.total_seconds():.0f} s late")


def _empty(stage: Stage) -> None:
    if stage.is_grown:
        stage.redis.client().flushall()
        return
    with _opened(stage) as connection:
        for table in ("task", "schedule"):
            connection.execute(f"DELETE FROM {table}")


@contextlib.contextmanager
def _opened(stage: Stage) -> Iterator[sqlite3.Connection]:
    """The queue's file, once its worker has made it."""
    processes.wait_for(_queue(stage).exists, 20)
    with contextlib.closing(sqlite3.connect(_queue(stage), timeout=10)) as connection, connection:
        yield connection


@row(7, "the queue restarted; down for 10 min; hanging", cores=0.2, seconds=75, rounds=10)
def queue_away(stage: Stage) -> None:
    net, web = stage.net(), Web(stage)
    stage.worker()
    account, person = stage.account("key-1", net), web.person()
    slowest = 0.0

    def look() -> None:
        nonlocal slowest
        slowest = max(slowest, person.took("/"))
        time.sleep(1 if stage.is_real else 0.3)

    with Beside(look):
        for fault in (_restart, _down, _hang):
            _through(stage, account, fault, person)
    stage.insist(slowest < stage.slack, f"a page took {slowest:.1f} s while the queue was away")
    stage.settle(seconds=60)


def _through(stage: Stage, account: Any, fault: Any, person: Person) -> None:
    """Posts before, during and after; those during must be out soon although the queue is away."""
    name = fault.__name__.strip("_")
    seconds = {"restart": 3, "down": 600 if stage.is_real else 20, "hang": 60 if stage.is_real else 12}[name]
    begin = soon(1)
    moments = [begin + timedelta(seconds=number) for number in range(int(seconds) + 6)]
    ids = stage.posts([account], moments)
    with fault(stage):
        time.sleep((begin - now()).total_seconds() + seconds)
        if name != "restart":
            away = stage.query("SELECT 1 FROM scheduler_ui_worker WHERE is_queue_away")
            stage.insist(away, f"{name}: the worker says that its queue is away")
            stage.insist("The queue does not answer." in words(person.get("/")), f"{name}: and a banner says it")
    gone_at = now()
    during = [one for one, at in zip(ids, moments, strict=True) if at < gone_at - timedelta(seconds=2)]
    stage.windows.append(stage.window(name, 5, ids, gone_at))
    stage.settle(ids, seconds=30)
    arrived = [row for row in stage.rows(during) if row.settled_at and row.settled_at <= gone_at + timedelta(seconds=1)]
    stage.insist(
        name == "restart" or len(arrived) == len(during), f"{name}: {len(arrived)} of {len(during)} out meanwhile"
    )
    back = processes.wait_for(lambda: not stage.query("SELECT 1 FROM scheduler_ui_worker WHERE is_queue_away"), 30, 0.2)
    stage.insist(back, f"{name}: and says when it is back")


@contextlib.contextmanager
def _restart(stage: Stage) -> Iterator[None]:
    if stage.is_grown:
        stage.redis.restart()
    else:
        _empty(stage)
    yield


@contextlib.contextmanager
def _down(stage: Stage) -> Iterator[None]:
    """Refused; embedded, a file that cannot be written: another process holds it."""
    if not stage.is_grown:
        with _held(stage):
            yield
        return
    stage.redis.kill()
    try:
        yield
    finally:
        stage.redis.start()


@contextlib.contextmanager
def _hang(stage: Stage) -> Iterator[None]:
    if not stage.is_grown:
        with _held(stage):
            yield
        return
    stage.redis.freeze()
    try:
        yield
    finally:
        stage.redis.thaw()


@contextlib.contextmanager
def _held(stage: Stage) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(_queue(stage), timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


# What a worker says of its queue, whichever way it was broken.
BROKEN = ("the queue's file cannot be used", "the queue's file was taken away", "queue is away (")


@row(8, "queue file deleted or corrupted", cores=0.4, seconds=60, rounds=10)
def broken_queue(stage: Stage) -> None:
    """Embedded: its file deleted, filled with noise, cut. Grown: its keys hold something else."""
    net = stage.net()
    account = stage.account("key-1", net)
    breaks = (_wrong_keys,) if stage.is_grown else (_deleted, _noise, _cut)
    worker = stage.worker()
    for fault in breaks:
        name = fault.__name__.strip("_")
        begin = soon(1)
        ids = stage.posts([account], [begin + timedelta(seconds=number) for number in range(8)])
        time.sleep((begin - now()).total_seconds() + 1)
        said = len(stage.log())
        fault(stage)
        # Its own row: those of the workers that were killed before say so for ever.
        away = f"SELECT 1 FROM scheduler_ui_worker WHERE is_queue_away AND pid = {worker.pid}"
        told = processes.wait_for(lambda away=away: stage.query(away), 10, 0.05)
        time.sleep(1)
        log = stage.log()[said:]
        # SQLite may hold in memory what was cut off, and go on with that: then nothing is away, and nothing is late.
        is_unfelt = fault is _cut and not told and _are_on_time(stage, ids)
        stage.insist(told or is_unfelt, f"{name}: the pages are told")
        is_said = any(sentence in log for sentence in BROKEN)
        stage.insist(is_said or is_unfelt, f"{name}: the log says what became of the queue")
        # A worker that notices may end by itself, and whoever watches it starts a new one: here, that is us. In order,
        # for what a kill would leave claimed waits for its lease: that is row 1's.
        processes.end(worker)
        restarted_at = now()
        worker = stage.worker()
        stage.windows.append(stage.window(name, 30, ids, restarted_at))
        stage.settle(ids, seconds=stage.bound(30))


def _are_on_time(stage: Stage, ids: list[int]) -> bool:
    rows, most = stage.rows(ids), timedelta(seconds=stage.bound(1))
    return all(row.settled_at is not None and row.settled_at - row.scheduled_for <= most for row in rows)


def _deleted(stage: Stage) -> None:
    for path in stage.data.glob("queue.sqlite3*"):
        path.unlink()


def _noise(stage: Stage) -> None:
    noise = stage.random.randbytes(200_000)
    for path in stage.data.glob("queue.sqlite3*"):
        path.write_bytes(noise)


def _cut(stage: Stage) -> None:
    """Its log too: else everything is read from there, and nobody feels it."""
    for suffix in ("", "-wal"):
        path = _queue(stage).with_name(f"queue.sqlite3{suffix}")
        os.truncate(path, min(path.stat().st_size, 5000))


def _wrong_keys(stage: Stage) -> None:
    client = stage.redis.client()
    names = client.keys("*") or [b"huey.redis.publish", b"huey.schedule.publish"]
    for name in names:
        client.delete(name)
        client.set(name, b"this is no queue")


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple:
        return os.system, (f"touch {self.path}",)


ENOUGH = 3  # genuine messages to replay


@row(23, "queue messages forged, replayed, garbage", cores=0.4, seconds=40)
def forged(stage: Stage) -> None:
    net, web = stage.net(), Web(stage)
    worker = stage.worker()
    accounts = [stage.account(f"{kind}-1", net) for kind in KINDS]
    count = stage.many(20, 5)
    at = soon(6 + 0.5 * count)  # still there once all forgeries are
    ids = stage.posts(accounts, [at] * 6)
    genuine = _collected(stage)
    bomb = stage.folder / "exploded"
    forgeries = [pickle.dumps(Bomb(bomb)), b"", b"\x00" * 100, b"{}", b"x" * 5_000_000, b"0" * 64 + _body(ids[0])]
    for _ in range(count):
        for forgery in forgeries:
            _put(stage, forgery)
    _replay(stage, genuine)
    stage.until(lambda: _refused(stage) >= len(forgeries), 30, "refused messages are counted")
    stage.windows.append(stage.window("published", 5, ids, now()))
    stage.settle(ids, seconds=30 + max((at - now()).total_seconds(), 0))
    stage.insist(worker.poll() is None, "the worker stays up")
    stage.insist(not bomb.exists(), "no pickle was opened")
    stage.insist("refused a queue message" in stage.log(), "the log tells it")
    shown = _shown(web.person())
    stage.insist(shown >= len(forgeries), f"the operator is shown {shown} refused messages")


def _shown(person: Person) -> int:
    """What the operator's figures say; the sample's line, not its help."""
    name = "punctual_refused_messages_total"
    found = re.search(rf"^{name} (\d+)$", person.get("/metrics").text, re.MULTILINE)
    return int(found[1]) if found else -1


def _body(delivery_id: int) -> bytes:
    return f'["queue.task.deliver_delivery","forged",null,[{delivery_id}],{{}}]'.encode()


def _put(stage: Stage, data: bytes) -> None:
    if stage.is_grown:
        client = stage.redis.client()
        names = {name.decode() for name in client.keys("*")}
        for name in {*names, "huey.redis.publish"}:
            if "schedule" not in name and client.type(name) in {b"zset", b"none"}:
                client.zadd(name, {data: 0})
            elif "schedule" not in name and client.type(name) == b"list":
                client.rpush(name, data)
        client.zadd("huey.schedule.publish", {data: 0})
        return
    with _opened(stage) as connection:
        connection.execute("INSERT INTO task (queue, data, priority) VALUES ('publish', ?, 0)", [data])
        connection.execute("INSERT INTO schedule (queue, data, timestamp) VALUES ('publish', ?, 0)", [data])


def _collected(stage: Stage) -> list[bytes]:
    """Genuine messages, as whoever can read the queue may keep them."""
    seen: set[bytes] = set()

    def look() -> bool:
        seen.update(_genuine(stage))
        return len(seen) >= ENOUGH

    stage.until(look, 20, "genuine messages were seen")
    return sorted(seen)


def _replay(stage: Stage, messages: list[bytes]) -> None:
    for message in messages[:10]:
        for _ in range(20):
            _put(stage, message)


def _genuine(stage: Stage) -> set[bytes]:
    if not stage.is_grown:
        with _opened(stage) as connection:
            found = connection.execute("SELECT data FROM schedule UNION SELECT data FROM task").fetchall()
        return {bytes(data) for (data,) in found if b"deliver_delivery" in bytes(data) and b"forged" not in bytes(data)}
    client, found = stage.redis.client(), set()
    for name in client.keys("*"):
        kind = client.type(name)
        members = (
            client.zrange(name, 0, -1) if kind == b"zset" else client.lrange(name, 0, -1) if kind == b"list" else []
        )
        found |= {one for one in members if b"deliver_delivery" in one and b"forged" not in one}
    return found


def _refused(stage: Stage) -> int:
    found = stage.query("SELECT refused_messages AS n FROM scheduler_ui_installation")
    return int(found[0]["n"]) if found else 0
