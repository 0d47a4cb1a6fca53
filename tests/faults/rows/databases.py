"""The database locked, restarted, full, or an hour old: rows 9, 10, 11 and 24."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.rows.pages import compose, insisting
from tests.faults.stage import Stage, now, soon
from tests.faults.web import Web, words
from tests.rig import processes

LOCKED = 30  # seconds, never scaled: the program waits 20 s for a lock


@row(9, "database locked for 30 s by another writer", cores=0.2, seconds=65, rounds=10)
def locked(stage: Stage) -> None:
    """SQLite: another process holds the write lock. PostgreSQL: an exclusive lock on the deliveries."""
    net, web = stage.net(), Web(stage)
    stage.worker()
    account, person = stage.account("key-1", net), web.person()
    begin = soon(1)
    moments = [begin + timedelta(seconds=3 * number) for number in range(12)]
    ids = stage.posts([account], moments)
    form = compose(person, account, stage.words(), begin + timedelta(hours=1))
    with ThreadPoolExecutor(1) as beside:
        with _lock(stage):
            time.sleep(max((begin - now()).total_seconds(), 0))
            saving = beside.submit(_try, lambda: person.send("/posts/new/", form))
            time.sleep(LOCKED)
        answer = saving.result()
    stage.insist(_is_said(answer), f"saving while locked waits or says so ({answer and answer.status_code})")
    stage.recovers("locked", 15, [one for one, at in zip(ids, moments, strict=True) if at < now()])
    saved = insisting(lambda: person.send("/posts/new/", form))
    stage.insist(saved.status_code == 302, f"the same form is saved afterwards ({saved.status_code})")
    stage.settle(ids, seconds=60)
    count = len(stage.query("SELECT 1 FROM scheduler_ui_post WHERE client_key IS NOT NULL"))
    stage.insist(count == 1, f"{count} posts of one form")
    stage.insist(all(row.status == "published" for row in stage.rows(ids)), "all is out")


def _is_said(answer: httpx.Response | None) -> bool:
    """It was saved after all, or a page of ours says in words that it was not."""
    if answer is None:
        return False
    return answer.status_code == 302 or "Something went wrong" in words(answer)


@contextlib.contextmanager
def _lock(stage: Stage) -> Iterator[None]:
    if stage.is_grown:
        import psycopg

        with psycopg.connect(stage.database) as connection:
            connection.execute("LOCK TABLE scheduler_ui_delivery IN EXCLUSIVE MODE")
            yield
            connection.rollback()
        return
    with contextlib.closing(sqlite3.connect(stage.database, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _try(send: Any) -> httpx.Response | None:
    try:
        return send()
    except httpx.TransportError:
        return None


@row(
    10,
    "PostgreSQL restarted, also between the answer and the commit",
    cores=0.4,
    seconds=60,
    needs_postgres=True,
    rounds=10,
)
def database_restarted(stage: Stage) -> None:
    """Embedded, the database goes with its processes: all of them killed between the answer and the commit."""
    net = stage.net()
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(4) for kind in KINDS]
    if not stage.is_grown:
        _all_killed(stage, net, accounts)
        return
    worker = stage.worker()
    for name, restart in (("in order", _in_order), ("killed", _killed)):
        seen = len(net.arrivals())
        net.script({"match": "*/posts", "method": "POST", "do": "delay", "seconds": 0.7, "times": len(accounts)})
        begin = soon(2)
        ids = stage.posts(accounts, [begin] * len(accounts))
        ids += stage.posts(accounts, [begin + timedelta(seconds=1 + number) for number in range(len(accounts))])
        # All answers come while the database is away: after the mark, before the commit.
        stage.until(lambda n=seen: len(net.arrivals()) >= n + len(accounts), 30, f"{name}: all are on their way")
        restart(stage)
        stage.recovers(name, 90, ids)
        stage.settle(ids, seconds=stage.bound(90) + len(accounts))
    stage.insist(worker.poll() is None, "the worker stays up")
    _asked_only_blind(stage)


def _in_order(stage: Stage) -> None:
    stage.postgres.restart(away=1.5)


def _killed(stage: Stage) -> None:
    stage.postgres.kill()
    (stage.postgres.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    time.sleep(1.5)
    stage.postgres.start()


def _all_killed(stage: Stage, net: Any, accounts: list) -> None:
    web = Web(stage)
    for _ in range(3):
        worker = stage.worker(CRASH_AT="answered", CRASH_ONCE=str(stage.folder / f"crashed-{len(net.arrivals())}"))
        ids = stage.posts(accounts, [soon(1)] * len(accounts))
        stage.until(lambda one=worker: one.poll() is not None, 20, "the worker dies between answer and commit")
        web.kill()
        web.start()
        again = stage.worker()
        stage.recovers("killed", 90, ids)
        stage.settle(ids, seconds=stage.bound(90))
        processes.end(again)
    _asked_only_blind(stage)


def _asked_only_blind(stage: Stage) -> None:
    others = [row for row in stage.rows() if not row.account.startswith("blind")]
    stage.insist(all(row.status == "published" for row in others), "key and look-up: published in the end")


@row(11, "disk full (database; media)", cores=0.5, seconds=60, needs_postgres=True, disk_mb=380, rounds=10)
def disk_full(stage: Stage) -> None:
    """Everything lies on a small disk; a ballast file fills it, and goes away."""
    net, web = stage.net(), Web(stage)
    stage.worker()
    accounts, person = [stage.account(f"key-{number}", net) for number in range(20)], web.person()
    stage.settle(stage.posts(accounts, [soon(1)] * 20), seconds=20)
    begin = soon(2)
    # So many that the tables must grow.
    moments = [begin + timedelta(seconds=number) for number in range(12) for _ in accounts]
    ids = stage.posts(accounts, moments)
    form = compose(person, accounts[0], stage.words(), begin + timedelta(hours=1))
    _fill_for_a_while(stage, net, person, form, begin)
    stage.recovers("space again", 30, [one for one, at in zip(ids, moments, strict=True) if at < now()])
    saved = insisting(lambda: person.send("/posts/new/", form))
    stage.insist(saved.status_code == 302, f"the same form is saved afterwards ({saved.status_code})")
    stage.settle(ids, seconds=60)
    again = person.upload("/media/upload/", "big.png", _picture())
    stage.insist(again.status_code == 201, f"the upload is taken afterwards ({again.status_code})")
    stage.insist(all(row.status == "published" for row in stage.rows(ids)), "all is out")


def _fill_for_a_while(stage: Stage, net: Any, person: Any, form: dict, begin: datetime) -> None:
    looks = 0
    with _full(stage.data) as fill:
        while now() < begin + timedelta(seconds=10):
            fill()
            looks += _is_marked_first(stage, net)
            time.sleep(0.2)
        _refused_while_full(stage, person, form)
        looks += _is_marked_first(stage, net)
    stage.insist(looks, "the rows could be looked at while the disk was full")
    # The upload alone meets "No space left", too: the database must have felt it.
    felt = "No space left" in _server_log(stage) if stage.is_grown else "disk is full" in stage.log()
    stage.insist(felt, "the database felt it")
    if stage.is_grown and stage.postgres.process and stage.postgres.process.poll() is not None:
        stage.postgres.start()  # it ends itself when its log cannot be written; whoever watches it starts it again


def _server_log(stage: Stage) -> str:
    return (stage.postgres.folder / "log").read_text(errors="replace")


def _refused_while_full(stage: Stage, person: Any, form: dict) -> None:
    refused = _try(lambda: person.upload("/media/upload/", "big.png", _picture()))
    stage.insist(refused is not None and refused.status_code >= 400, "an upload is refused while the disk is full")
    _try(lambda: person.send("/posts/new/", form))


def _is_marked_first(stage: Stage, net: Any) -> bool:
    """Whether the rows could be read; each that the network has seen by then must carry its mark."""
    seen = {arrival.text_sha256 for arrival in net.arrivals()}
    try:
        rows = stage.rows()
    except Exception:  # the database may be away
        return False
    unmarked = [row for row in rows if row.status == "scheduled" and row.mark[1] in seen]
    stage.insist(not unmarked, "nothing is sent that could not be marked first")
    return True


@contextlib.contextmanager
def _full(folder: Path) -> Iterator[Any]:
    """Yields what fills the disk to its last byte, again and again: what is deleted beside it is taken too."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:

        def fill() -> None:
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)

        fill()
        yield fill
    ballast.unlink()


def _picture() -> bytes:
    import io

    from PIL import Image

    drawn = io.BytesIO()
    Image.frombytes("RGB", (400, 400), os.urandom(480_000)).save(drawn, "PNG")
    return drawn.getvalue()


@row(24, "database restored from an hour ago", cores=0.3, seconds=70)
def restored(stage: Stage) -> None:
    """A backup; posts go out; the backup is put back; each of them is looked for before anything is sent."""
    from django.db import connections

    net, backup = stage.net(), stage.folder / "backup.zip"
    accounts = [stage.account(f"{kind}-{number}", net) for number in range(2) for kind in KINDS]
    worker = stage.worker()
    before = stage.posts(accounts, [soon(1)] * len(accounts))
    stage.settle(before, seconds=30)
    since = stage.posts(accounts, [soon(20)] * len(accounts) * stage.many(3, 2))
    later = stage.posts(accounts, [soon(45 + 8 * stage.slack)] * len(accounts))
    stage.manage("backup", str(backup), "--with-keys")
    stage.settle(since, seconds=60)
    stage.insist(all(row.status == "published" for row in stage.rows(since)), "they went out before the restore")
    processes.end(worker, 40)
    connections.close_all()
    stage.manage("restore", str(backup), "--replace")
    stage.insist(all(row.hold_reason == "restored" for row in stage.rows(since)), "restore mode holds what may be out")
    stage.worker()
    stage.until(lambda: "still to be looked for: 0" in stage.manage("restore", "--state"), 60, "each is looked for")
    stage.manage("restore", "--done")
    stage.recovers("restored", 30, since + later)
    stage.settle(since + later, seconds=90 + 8 * stage.slack)
    rows = stage.rows(since)
    stage.insist(all(row.is_asked for row in rows if row.account.startswith("blind")), "blind: a person is asked")
    others = [row for row in rows if not row.account.startswith("blind")] + stage.rows(later)
    stage.insist(all(row.status == "published" for row in others), "the others are found, or go out at their time")
