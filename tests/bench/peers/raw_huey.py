"""Huey as it comes, eight threads; its etas aware, for a naive one would lose its fraction and run early."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.bench.peers import driver, work


def tasks(huey) -> dict:
    return {name: huey.task(name=name)(function) for name, function in work.WORKS.items()}


class Raw(driver.Peer):
    """Scheduler every second, polling that backs off from 0.1 to 10 s: the stock settings."""

    module = ""
    tasks: dict

    def commands(self) -> list[list[str]]:
        consumer = [f"{work.BIN}/huey_consumer", f"tests.bench.peers.{self.module}.huey"]
        return [[*consumer, "-w", str(work.WORKERS), "-k", "thread", "-q"]]

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            self.tasks[what](number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        for number, due in dues.items():
            self.tasks[what].schedule((number,), eta=datetime.fromtimestamp(due, UTC))
