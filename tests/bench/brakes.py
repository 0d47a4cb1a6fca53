"""What the runaway brake costs a claim on PostgreSQL, and ways to pay less: `python -m tests.bench.brakes`.

Sixteen threads of one process claim the real rows, each claim a durable commit; milliseconds of processor time for
each, of the process and of the server, and claims a second. The texts differ and nothing comes near its cap.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from project.start import start
from tests.bench import bound, family, figures
from tests.bench.stacks import Grown
from tests.rig import processes

THREADS, CLAIMS, ACCOUNTS, ROUNDS, CAP = 16, 1600, 50, 5, 100
LOOK = """SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM scheduler_ui_delivery
  WHERE account_id = %(account)s AND marked_at > %(hour)s AND id <> %(id)s LIMIT %(cap)s) AS sent) AS sent,
 EXISTS (SELECT 1 FROM scheduler_ui_delivery
  WHERE account_id = %(account)s AND text_sha256 = %(text)s AND text_sha256 <> '' AND marked_at > %(day)s
   AND scheduled_for > %(day)s AND id <> %(id)s
   AND status IN ('publishing', 'processing', 'published', 'unconfirmed')) AS repeated"""
CLAIM = """UPDATE scheduler_ui_delivery SET status = 'publishing', token = %(token)s, lease_until = %(now)s,
 due_at = %(now)s, key = %(token)s, payload = '{{"text": "x"}}', tries = 1, marked_at = %(now)s, queued_at = NULL,
 text_sha256 = %(text)s
 WHERE id = %(id)s AND status = 'scheduled' AND version = 1 AND hold_reason = '' {} RETURNING 1"""
FREE = "AND (SELECT sent + %(threads)s < %(cap)s AND NOT repeated FROM look)"
LOCK = "SELECT pg_advisory_xact_lock(%(lock)s)"
Values = dict[str, object]
Way = Callable[[psycopg.Connection, Values], bool]


class Words:
    """The statements; an attempt's columns are the model's."""

    def __init__(self) -> None:
        opening = bound._open("postgresql", "%s").replace("VALUES (", "SELECT ").removesuffix(")")
        for name in ("id", "token"):
            opening = opening.replace("%s", f"%({name})s", 1)
        self.plain = f"WITH changed AS ({CLAIM.format('')}) {opening} FROM changed RETURNING id"
        self.looking = (
            f"WITH look AS MATERIALIZED ({LOOK}), changed AS ({CLAIM.format(FREE)}), "
            f"opened AS ({opening} FROM changed RETURNING id) "
            "SELECT look.sent, look.repeated, opened.id FROM look LEFT JOIN opened ON true"
        )


def unbraked(words: Words) -> Way:
    return lambda database, values: _one(database, words.plain, values) is not None


def as_it_was(words: Words) -> Way:
    """BEGIN, lock, look, claim, COMMIT; the look is not prepared."""

    def claim(database: psycopg.Connection, values: Values) -> bool:
        with database.transaction():
            database.execute(LOCK, values)
            sent, is_repeated = database.execute(LOOK, values).fetchone()
            return not is_repeated and sent < CAP and _one(database, words.plain, values) is not None

    return claim


def folded(words: Words) -> Way:
    """BEGIN, lock, look and claim in one, COMMIT."""

    def claim(database: psycopg.Connection, values: Values) -> bool:
        with database.transaction():
            database.execute(LOCK, values, prepare=True)
            return _one(database, words.looking, values)[2] is not None

    return claim


def pipelined(words: Words) -> Way:
    """The same, sent together: one way to the server."""

    def claim(database: psycopg.Connection, values: Values) -> bool:
        with database.pipeline():
            database.execute("BEGIN")
            database.execute(LOCK, values, prepare=True)
            found = database.execute(words.looking, values, prepare=True)
            database.execute("COMMIT")
        return found.fetchone()[2] is not None

    return claim


def by_function(words: Words) -> Way:
    """The same by a function of the database: each statement within it sees what was committed before it began."""
    return lambda database, values: _one(database, FUNCTION_CALL, values)[0] is not None


def in_one_message(words: Words) -> Way:
    """Two statements in one message are one transaction, and the second sees what was committed before it began.

    Such a message takes no parameters: they are quoted here, and it is parsed and planned anew there.
    """

    def claim(database: psycopg.Connection, values: Values) -> bool:
        cursor = psycopg.ClientCursor(database)
        cursor.execute(f"{LOCK}; {words.looking}", values)
        cursor.nextset()
        return cursor.fetchone()[2] is not None

    return claim


def in_one(words: Words) -> Way:
    """Look and claim in one statement, no lock: a unique index stands against two at the same moment."""
    return lambda database, values: _one(database, words.looking, values)[2] is not None


def by_the_program(cap: int, repeat_span: float) -> Callable[[Words], Way]:
    """What a worker runs, Django included."""

    def make(_words: Words) -> Way:
        from django.conf import settings

        from scheduler_ui.engine import beats, claims

        settings.PUNCTUAL |= {"hourly_cap": cap, "repeat_span": repeat_span}
        beats._threads_alive = THREADS
        more = {"lease": timedelta(seconds=30), "payload": {"text": "x"}, "worker": "bench"}

        def claim(_database: psycopg.Connection, values: Values) -> bool:
            return bool(claims.claim(values["row"], now=datetime.now(UTC), key=str(values["token"]), **more))

        return claim

    return make


FUNCTION_CALL = """SELECT bench_claim(%(lock)s, %(account)s, %(id)s, %(text)s, %(token)s, %(now)s::timestamptz,
 %(hour)s::timestamptz, %(day)s::timestamptz, %(cap)s, %(threads)s)"""
PARAMETERS = {"lock": "bigint", "account": "bigint", "id": "bigint", "text": "text", "token": "text"}
PARAMETERS |= dict.fromkeys(("now", "hour", "day"), "timestamptz") | dict.fromkeys(("cap", "threads"), "bigint")
UNIQUE = "CREATE UNIQUE INDEX bench_once ON scheduler_ui_delivery (account_id, text_sha256) WHERE text_sha256 <> ''"
WAYS = {
    "the program, without a brake": by_the_program(0, 0),
    "the program, as it is": by_the_program(CAP, 86_400),
    "without a brake": unbraked,
    "BEGIN, lock, look, claim, COMMIT (as it was)": as_it_was,
    "BEGIN, lock, look and claim in one, COMMIT": folded,
    "the same four, pipelined": pipelined,
    "lock, then look and claim, in one message": in_one_message,
    "lock, then look and claim, in a function": by_function,
    "look and claim in one, a unique index for the lock": in_one,
}


def run() -> None:
    """One way, on rows of its own."""
    from tests.bench import filling

    name, number = sys.argv[2], int(sys.argv[3])
    words, due = Words(), time.time() - 60
    filling.schedule(filling.accounts(f"bench{number}", ACCOUNTS), dict.fromkeys(range(1, CLAIMS + 1), due))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        database.execute("DROP INDEX IF EXISTS bench_once")
        if name.endswith("unique index for the lock"):
            database.execute(UNIQUE)
        database.execute(_function(words))
        database.execute("ANALYZE")
        rows = database.execute(
            "SELECT id, account_id FROM scheduler_ui_delivery WHERE status = 'scheduled' AND marked_at IS NULL "
            "ORDER BY id DESC LIMIT %s",
            [CLAIMS],
        ).fetchall()
    sys.stdout.write(json.dumps(_measure(WAYS[name](words), rows)) + "\n")


def _measure(way: Way, rows: list[tuple[int, int]]) -> dict[str, float]:
    from scheduler_ui.models import Delivery

    rows = [(*row, Delivery.in_full(row[0])) for row in rows]
    connections = [psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) for _ in range(THREADS)]
    shares = [rows[number::THREADS] for number in range(THREADS)]
    threads = [
        threading.Thread(target=_claim, args=each) for each in zip([way] * THREADS, connections, shares, strict=True)
    ]
    before, mine, began = _server_cpu(connections[0]), time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    spent = {"process_ms": time.process_time() - mine, "server_ms": _server_cpu(connections[0]) - before}
    with connections[0].cursor() as cursor:
        left = cursor.execute("SELECT count(*) FROM scheduler_ui_delivery WHERE status = 'scheduled'").fetchone()[0]
    assert left == 0, f"{left} were not claimed"
    return {name: each * 1000 / len(rows) for name, each in spent.items()} | {"per_s": len(rows) / seconds}


def _claim(way: Way, database: psycopg.Connection, share: list[tuple[int, int, object]]) -> None:
    for pk, account, row in share:
        now = datetime.now(UTC)
        text = hashlib.sha256(f"{pk}".encode()).hexdigest()
        lock = int.from_bytes(hashlib.sha256(f"{account} {text}".encode()).digest()[:8], signed=True)
        values = {"id": pk, "account": account, "text": text, "lock": lock, "token": secrets.token_hex(16), "now": now}
        values |= {
            "row": row,
            "hour": now - timedelta(hours=1),
            "day": now - timedelta(days=1),
            "cap": CAP,
            "threads": THREADS,
        }
        assert way(database, values), pk


def _one(database: psycopg.Connection, statement: str, values: Values):
    return database.execute(statement, values, prepare=True).fetchone()


def _function(words: Words) -> str:
    given = ", ".join(f"a_{name} {kind}" for name, kind in PARAMETERS.items())
    places = {name: f"a_{name}" for name in PARAMETERS}
    body = (words.looking.replace("SELECT look.sent, look.repeated, opened.id", "SELECT opened.id INTO found")) % places
    return (
        f"CREATE OR REPLACE FUNCTION bench_claim({given}) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE found bigint; "
        f"BEGIN PERFORM pg_advisory_xact_lock(a_lock); {body}; RETURN found; END $$"
    )


def _server_cpu(database: psycopg.Connection) -> float:
    """Seconds of all of the server's processes, those that have ended included."""
    return family.cpu([psutil.Process(database.info.backend_pid).ppid()])


def main() -> None:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(prefix="punctual-bench-") as root:
        stack = Grown(Path(root))
        try:
            for number in range(ROUNDS):
                for name in WAYS:
                    with stack.fresh() as (folder, extra):
                        command = [sys.executable, "-m", "tests.bench.brakes", "run", name, str(number)]
                        environment = processes.environment(folder, **extra)
                        done = subprocess.run(command, cwd=processes.ROOT, env=environment, check=True, stdout=-1)
                    found[name].append(json.loads(done.stdout))
        finally:
            stack.close()
    for name, rows in found.items():
        told = [f"{key}: {figures.ranged([row[key] for row in rows])}" for key in ("process_ms", "server_ms", "per_s")]
        sys.stdout.write(f"{name}: {', '.join(told)}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        start()
        run()
    else:
        main()
