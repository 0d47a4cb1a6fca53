"""APScheduler 3: a BackgroundScheduler in one process, jobs in SQLite, eight threads.

A scheduler that runs does not see jobs which another process adds, so its process stands in for a web process: it
takes orders on its standard input. Stock, a job that begins more than a second late is dropped; the variant `grace`
switches that off.
"""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import record
from tests.bench.peers import driver, work

GRACE = {"misfire_grace_time": None}


def serve() -> None:
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    store = SQLAlchemyJobStore(f"sqlite:///{work.FOLDER}/jobs.sqlite3")
    scheduler = BackgroundScheduler(
        jobstores={"default": store}, executors={"default": ThreadPoolExecutor(work.WORKERS)}, timezone="UTC"
    )
    scheduler.start()
    record.note(work.LOG, "K", 0)
    for number, line in enumerate(sys.stdin, 1):
        _obey(scheduler, json.loads(line))
        record.note(work.LOG, "K", number)
    while True:
        time.sleep(60)


def _obey(scheduler, order: dict) -> None:
    if order["what"] in {"pause", "resume"}:
        getattr(scheduler, order["what"])()
        return
    options = GRACE if order["is_patient"] or work.VARIANT == "grace" else {}
    function = f"tests.bench.peers.work:{order['what']}"
    for number, due in order["dues"]:
        scheduler.add_job(function, "date", args=(number,), run_date=datetime.fromtimestamp(due, UTC), **options)


class Peer(driver.Peer):
    title = "APScheduler 3"
    takes_orders = True
    stall = 8.0

    def commands(self) -> list[list[str]]:
        return [[sys.executable, "-c", "from tests.bench.peers import apscheduler_3; apscheduler_3.serve()"]]

    def start(self) -> None:
        before = self._kept(0)
        super().start()
        self._orders = 0
        self._wait(0, before)

    def start_behind(self, numbers: range) -> None:
        """A schedule is the only queue there is: it is filled while the scheduler pauses."""
        self.start()
        self._order("pause", {})
        self.now(numbers, "note")
        self._order("resume", {})

    def now(self, numbers: range, what: str) -> None:
        self._order(what, dict.fromkeys(numbers, time.time()), is_patient=True)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        self._order(what, dues)

    def _order(self, what: str, dues: Mapping[int, float], *, is_patient: bool = False) -> None:
        self._orders += 1
        before = self._kept(self._orders)
        order = {"what": what, "dues": list(dues.items()), "is_patient": is_patient}
        self.processes[0].stdin.write((json.dumps(order) + "\n").encode())
        self.processes[0].stdin.flush()
        self._wait(self._orders, before)

    def _wait(self, number: int, before: int) -> None:
        deadline = time.monotonic() + 120
        while self._kept(number) <= before and time.monotonic() < deadline:
            time.sleep(0.02)

    def _kept(self, number: int) -> int:
        return len(record.read(Path(work.LOG), "K").get(number, ()))
