"""Celery on Redis, eight forked workers, each post a task with an eta.

Stock: a message that is not acknowledged comes back after an hour. The variants bring that down to 5 s, one of them
with late acknowledgement, so that what happens then can be seen.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from celery import Celery

from tests.bench.peers import driver, work

app = Celery("tests.bench.peers.celery_eta", broker=work.REDIS_URL)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
if work.VARIANT:
    quick = {"visibility_timeout": 5, "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    app.conf.update(broker_transport_options=quick, task_acks_late=work.VARIANT == "late")
TASKS = {name: app.task(name=name)(function) for name, function in work.WORKS.items()}


class Peer(driver.Peer):
    title = "Celery, eta"
    stall = 15.0
    pool = "prefork"

    def commands(self) -> list[list[str]]:
        name = f"bench{os.getpid()}@%h"
        command = [f"{work.BIN}/celery", "-A", app.main, "worker", "-c", str(work.WORKERS), "-P", self.pool]
        return [[*command, "-l", "WARNING", "-n", name]]

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            TASKS[what].delay(number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        for number, due in dues.items():
            TASKS[what].apply_async((number,), eta=datetime.fromtimestamp(due, UTC))
