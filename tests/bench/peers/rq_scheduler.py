"""RQ, eight workers that fork for each job, with its own scheduler."""

from collections.abc import Mapping
from datetime import UTC, datetime

from redis import Redis
from rq import Queue

from tests.bench.peers import driver, work


class Peer(driver.Peer):
    title = "RQ"
    stall = 12.0

    def prepare(self) -> None:
        self._queue = Queue("bench", connection=Redis.from_url(work.REDIS_URL))

    def commands(self) -> list[list[str]]:
        worker = [f"{work.BIN}/rq", "worker", "bench", "--url", work.REDIS_URL, "--with-scheduler", "--quiet"]
        return [worker] * work.WORKERS

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            self._queue.enqueue(f"tests.bench.peers.work.{what}", number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        for number, due in dues.items():
            self._queue.enqueue_at(datetime.fromtimestamp(due, UTC), f"tests.bench.peers.work.{what}", number)
