"""Clocks and zones that change: rows 18 and 19."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Stage, now, soon
from tests.rig import processes

HOURS = timedelta(hours=6).total_seconds()


@row(
    18,
    "clock jumps +6 h, -6 h; a DST hour; a worker's clock 5 s off",
    parts=("jump", "dst", "drift"),
    cores=0.2,
    seconds=75,
    rounds=10,
)
def clock(stage: Stage) -> None:
    net = stage.net()
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(2) for kind in KINDS]
    {"jump": _jumps, "dst": _dst, "drift": _drift}[stage.part](stage, accounts)
    stage.settle([row.id for row in stage.rows() if row.scheduled_for < now()], seconds=60)


def _set(path: Path, seconds: float) -> None:
    """Whole, as whoever reads it must see it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)


def _jumps(stage: Stage, accounts: list[Any]) -> None:
    """The wall clock is set wrong against the steady one, and right again within seconds."""
    offset = stage.folder / "offset"
    _set(offset, 0)
    stage.worker(CLOCK_OFFSET_FILE=str(offset))
    ahead = stage.posts(accounts, [soon(3600 * hour) for hour in (1, 3, 5)] * 4)
    for name, seconds in (("+6 h", HOURS), ("-6 h", -HOURS)):
        begin = soon(2)
        moments = [begin + timedelta(seconds=0.5 * number) for number in range(24)]
        ids = stage.posts(accounts, moments)
        time.sleep(max((begin - now()).total_seconds() + 3, 0))
        _set(offset, seconds)
        told = processes.wait_for(lambda: stage.query("SELECT 1 FROM scheduler_ui_worker WHERE is_clock_off"), 20, 0.05)
        stage.insist(told, f"{name}: the worker says that its clock is wrong")
        time.sleep(0.5)
        _set(offset, 0)
        wrong = [one for one, at in zip(ids, moments, strict=True) if at < now()]
        stage.windows.append(stage.window(name, 2 * 0.25 + 0.5, wrong, now()))
        stage.settle(ids, seconds=40)
        others = [
            f"{row.account} {row.status} {row.settled_at}" for row in stage.rows(ids) if row.status != "published"
        ]
        stage.insist(not others, f"{name}: all are out, but {others}")
    stage.insist(all(row.status == "scheduled" for row in stage.rows(ahead)), "what is due in hours still waits")


def _dst(stage: Stage, accounts: list[Any]) -> None:
    """The worker's own zone sets its clocks forward, then back, within seconds: nobody may care."""
    begin = soon(6)
    back = begin + timedelta(seconds=12)
    rule = f"RIG0DST-1,{_posix(begin, 0)},{_posix(back, 1)}"
    stage.worker(TZ=rule)
    moments = [begin + timedelta(seconds=0.5 * number - 3) for number in range(48)]
    ids = stage.posts(accounts, [at for at in moments if at > now() + timedelta(seconds=1)])
    stage.settle(ids, seconds=60)
    late = [row for row in stage.rows(ids) if row.settled_at - row.scheduled_for > timedelta(seconds=stage.slack + 1)]
    stage.insist(not late, f"{len(late)} were late while the worker's zone changed its clocks")


def _posix(at: datetime, offset: int) -> str:
    """The day of the year and the local time at which a zone changes, as a POSIX rule says it."""
    local = at + timedelta(hours=offset)
    return f"{local.timetuple().tm_yday - 1}/{local:%H:%M:%S}"


def _drift(stage: Stage, accounts: list[Any]) -> None:
    """On PostgreSQL a worker is five seconds ahead, another behind; SQLite's one machine has one clock."""
    if not stage.is_grown:
        return
    for seconds in (5, -5):
        offset = stage.folder / f"offset{seconds}"
        _set(offset, seconds)
        worker = stage.worker(CLOCK_OFFSET_FILE=str(offset))
        ids = stage.posts(accounts, [soon(2) + timedelta(seconds=0.25 * number) for number in range(40)])
        stage.until(lambda: stage.query("SELECT 1 FROM scheduler_ui_worker WHERE is_clock_off"), 20, "a banner says so")
        stage.settle(ids, seconds=60)
        late = [
            row for row in stage.rows(ids) if row.settled_at - row.scheduled_for > timedelta(seconds=stage.slack + 1)
        ]
        stage.insist(not late, f"{seconds:+} s: {len(late)} were too late by the database's clock")
        processes.end(worker)


@row(19, "new time-zone data with 1,000 scheduled", cores=0.5, seconds=45)
def zone_data(stage: Stage) -> None:
    """Lisbon takes up Tokyo's clocks: what is scheduled there keeps its wall time and moves, what is not stays."""
    import tzdata

    net, count = stage.net(), stage.many(1000, 1000)
    account = stage.account("key-1", net)
    first = now().replace(microsecond=0) + timedelta(days=2)
    moved = stage.posts([account], [first + timedelta(minutes=number) for number in range(count)])
    _put_into(moved, "Europe/Lisbon", first)
    untouched = stage.posts([account], [soon(15 + number) for number in range(5)])
    package = stage.folder / "newer" / "tzdata"
    shutil.copytree(Path(tzdata.__file__).parent, package)
    shutil.copy(package / "zoneinfo" / "Asia" / "Tokyo", package / "zoneinfo" / "Europe" / "Lisbon")
    (package / "__init__.py").write_text('IANA_VERSION = "2099z"\n')
    before = _walls(stage)
    stage.worker(PYTHONPATH=str(package.parent))
    began = time.monotonic()
    is_read = processes.wait_for(lambda: stage.notices("moved"), 60 * count / 1000 + 5 * stage.slack, 0.2)
    stage.insist(is_read, "the workspace is told")
    stage.insist(time.monotonic() - began < stage.bound(30) * count / 1000, "at start")
    _compare(stage, moved, before)
    said = " ".join(f"{notice['title']} {notice['body']}" for notice in stage.notices("moved"))
    stage.insist(len(stage.notices("moved")) == 1 and f"{count}" in said.replace(",", ""), f"told once, of all: {said}")
    stage.settle(untouched, seconds=60)
    stage.promises = [promise for promise in stage.promises if promise.delivery_id not in set(moved)]


def _put_into(ids: list[int], zone: str, first: datetime) -> None:
    """Written on that zone's clocks, as the composer would."""
    from scheduler_ui.models import Delivery, Post

    rows = Delivery.objects.filter(pk__in=ids).select_related("post")
    posts = [delivery.post for delivery in rows]
    for post in posts:
        post.timezone, post.local_time = zone, post.scheduled_for.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    Post.objects.bulk_update(posts, ["timezone", "local_time"])
    assert first


def _walls(stage: Stage) -> dict[int, str]:
    rows = stage.query(
        "SELECT d.id, p.local_time FROM scheduler_ui_delivery d JOIN scheduler_ui_post p ON p.id = d.post_id"
    )
    return {found["id"]: str(found["local_time"]) for found in rows}


def _compare(stage: Stage, moved: list[int], before: dict[int, str]) -> None:
    after = _walls(stage)
    stage.insist(after == before, "wall times are unchanged")
    instants = {found.id: found.scheduled_for for found in stage.rows(moved)}
    wrong = [
        one
        for one in moved
        if instants[one] != datetime.fromisoformat(before[one]).replace(tzinfo=UTC) - timedelta(hours=9)
    ]
    stage.insist(not wrong, f"{len(wrong)} of {len(moved)} have not moved to their new instant")
