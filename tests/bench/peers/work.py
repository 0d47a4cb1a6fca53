"""What every peer's task does, and where it stands; read from the environment, for a peer's workers import it too."""

import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

from tests.bench import record

LOG = os.environ.get("BENCH_LOG", "")
FOLDER = Path(LOG).parent
REDIS_URL = os.environ.get("REDIS_URL", "")
DATABASE_URL = os.environ.get("DATABASE_URL", "")
VARIANT = os.environ.get("BENCH_VARIANT", "")
WORKERS = 8
BIN = Path(sys.executable).parent
_local = threading.local()


def row(number: int) -> None:
    """Note the start, then update the post's row, as any scheduler's task would; SQLite, WAL, not flushed."""
    record.note(LOG, "S", number)
    posts().execute("UPDATE posts SET status = 'published', started = ? WHERE id = ?", (time.time(), number))


def note(number: int) -> None:
    record.note(LOG, "S", number)


def slow(number: int) -> None:
    """50 ms of publishing between two lines of the log."""
    record.note(LOG, "S", number)
    time.sleep(0.05)
    record.note(LOG, "E", number)


WORKS = {"row": row, "note": note, "slow": slow}


def posts() -> sqlite3.Connection:
    """This thread's connection to the peer's table of posts; a fork needs one of its own."""
    if getattr(_local, "pid", None) != os.getpid():
        _local.connection = sqlite3.connect(FOLDER / "posts.sqlite3", timeout=30, isolation_level=None)
        _local.connection.execute("PRAGMA synchronous = NORMAL")
        _local.pid = os.getpid()
    return _local.connection


def make_posts(number: int) -> None:
    table = "CREATE TABLE posts (id INTEGER PRIMARY KEY, due REAL, status TEXT NOT NULL DEFAULT 'draft',"
    posts().execute("PRAGMA journal_mode = WAL")
    posts().execute(f"{table} work TEXT NOT NULL DEFAULT 'row', started REAL)")
    posts().execute("CREATE INDEX posts_due ON posts (status, due)")
    posts().execute("BEGIN")
    posts().executemany("INSERT INTO posts (id) VALUES (?)", ((count,) for count in range(1, number + 1)))
    posts().execute("COMMIT")
