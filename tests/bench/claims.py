"""How four workers best come by their work on PostgreSQL: `python -m tests.bench.claims` prints a table.

Each way marks and then claims every one of the due rows, one durable commit per claim, among 100,000 that wait.
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable

import psycopg

from tests.rig.servers import Postgres

WORKERS, DUE, WAITING, BATCH, ROUNDS = 4, 2_000, 100_000, 32, 3
TABLE = """
DROP TABLE IF EXISTS delivery;
CREATE TABLE delivery (id bigserial PRIMARY KEY, status text NOT NULL, due_at timestamptz, queued_at timestamptz,
  hold_reason text NOT NULL DEFAULT '', version int NOT NULL DEFAULT 1, token text NOT NULL DEFAULT '', payload jsonb);
INSERT INTO delivery (status, due_at) SELECT 'scheduled', now() - random() * interval '1 minute'
  FROM generate_series(1, %(due)s);
INSERT INTO delivery (status, due_at) SELECT 'scheduled', now() + interval '1 day' + random() * interval '1 year'
  FROM generate_series(1, %(waiting)s);
CREATE INDEX delivery_due ON delivery (due_at) WHERE due_at IS NOT NULL AND hold_reason = '';
ANALYZE delivery;
"""
FREE = "due_at <= now() AND hold_reason = '' AND status = 'scheduled' AND queued_at IS NULL ORDER BY due_at LIMIT %s"
MARK = "UPDATE delivery SET queued_at = now() WHERE id = ANY(ARRAY(SELECT id FROM delivery WHERE {}{})) {} RETURNING id"
CLAIM = """UPDATE delivery SET status = 'publishing', token = %s, due_at = now() + interval '30 s', payload = '{{}}'
 WHERE {} RETURNING id"""
BY_ID = CLAIM.format("id = %s AND status = 'scheduled' AND version = 1 AND hold_reason = ''")
NEXT = CLAIM.format(f"id = (SELECT id FROM delivery WHERE {FREE} FOR UPDATE SKIP LOCKED)")


def offered(lock: str, condition: str) -> Callable[[psycopg.Connection], int]:
    """Mark a batch in one statement, then claim each of it by a conditional UPDATE."""
    mark = MARK.format(FREE, lock, condition)

    def work(connection: psycopg.Connection) -> int:
        claimed = 0
        while rows := connection.execute(mark, [BATCH]).fetchall():
            claimed += sum(connection.execute(BY_ID, ["t", pk]).rowcount for (pk,) in rows)
        return claimed

    return work


def straight(connection: psycopg.Connection) -> int:
    """No offers: each claim looks for the next free row itself."""
    claimed = 0
    while connection.execute(NEXT, ["t", 1]).fetchone():
        claimed += 1
    return claimed


WAYS = {
    "marked in batches with SKIP LOCKED, claimed by a conditional UPDATE": offered(" FOR UPDATE SKIP LOCKED", ""),
    "marked in batches by a conditional UPDATE, claimed by another": offered("", "AND queued_at IS NULL"),
    "claimed straight from the table with SKIP LOCKED": straight,
}


def run(url: str, way: str, gate, results) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        gate.wait()
        results.put((WAYS[way](connection), time.monotonic()))


def measure(url: str, way: str) -> float:
    """Claims per second of all workers together."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(psycopg.ClientCursor(connection).mogrify(TABLE, {"due": DUE, "waiting": WAITING}))
    gate, results = multiprocessing.Barrier(WORKERS + 1), multiprocessing.Queue()
    workers = [multiprocessing.Process(target=run, args=(url, way, gate, results)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    gate.wait()
    began = time.monotonic()
    found = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    claimed = sum(count for count, _ in found)
    if claimed != DUE:
        raise AssertionError(f"{way}: {claimed} claims for {DUE} rows")
    return DUE / (max(at for _, at in found) - began)


def main() -> None:
    with Postgres(durable=True) as server:
        url = server.create("claims")
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way in WAYS:
                rates[way].append(measure(url, way))
    for way, found in rates.items():
        median, low, high = statistics.median(found), min(found), max(found)
        sys.stdout.write(f"{median:6.0f} claims/s ({low:.0f} to {high:.0f})  {way}\n")


if __name__ == "__main__":
    main()
