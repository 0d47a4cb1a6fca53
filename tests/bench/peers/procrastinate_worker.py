"""Procrastinate on PostgreSQL, one worker with eight threads' concurrency, LISTEN and its 5 s poll."""

from collections.abc import Mapping
from datetime import UTC, datetime

import procrastinate

from tests.bench.peers import driver, work

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=work.DATABASE_URL))
for name, function in work.WORKS.items():
    app.task(name=name)(function)


class Peer(driver.Peer):
    title = "Procrastinate"
    stall = 15.0

    def prepare(self) -> None:
        app.open()
        app.schema_manager.apply_schema()

    def commands(self) -> list[list[str]]:
        base = [f"{work.BIN}/procrastinate", "--app", "tests.bench.peers.procrastinate_worker.app"]
        return [[*base, "worker", "-c", str(work.WORKERS)]]

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            app.configure_task(what).defer(number=number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        for number, due in dues.items():
            app.configure_task(what, schedule_at=datetime.fromtimestamp(due, UTC)).defer(number=number)
