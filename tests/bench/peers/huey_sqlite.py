"""Huey's SqliteHuey."""

import sqlite3
from collections.abc import Callable

from huey import SqliteHuey

from tests.bench.peers import raw_huey, work

huey = SqliteHuey("bench", filename=f"{work.FOLDER}/huey.sqlite3")


class Peer(raw_huey.Raw):
    title = "Huey on SQLite"
    module = "huey_sqlite"
    tasks = raw_huey.tasks(huey)

    def handed_over(self) -> Callable[[], bool]:
        """A worker's back-off hides the moment: look at the queue's table instead of the first start."""
        queue = sqlite3.connect(f"{work.FOLDER}/huey.sqlite3", isolation_level=None, timeout=5)
        return lambda: bool(queue.execute("SELECT 1 FROM task LIMIT 1").fetchall())
