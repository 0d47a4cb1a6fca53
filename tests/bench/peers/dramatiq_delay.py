"""Dramatiq on Redis, one process of eight threads, posts sent with a delay.

Stock, a dead worker's tasks come back after a minute, looked for on one command in a thousand; here after 5 s.
"""

import time
from collections.abc import Mapping

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from tests.bench.peers import driver, work

broker = RedisBroker(url=work.REDIS_URL, heartbeat_timeout=5000, maintenance_chance=200_000)
dramatiq.set_broker(broker)
ACTORS = {name: dramatiq.actor(function, actor_name=name) for name, function in work.WORKS.items()}


class Peer(driver.Peer):
    title = "Dramatiq"
    stall = 20.0

    def commands(self) -> list[list[str]]:
        return [[f"{work.BIN}/dramatiq", "tests.bench.peers.dramatiq_delay", "-p", "1", "-t", str(work.WORKERS)]]

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            ACTORS[what].send(number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        for number, due in dues.items():
            ACTORS[what].send_with_options(args=(number,), delay=max(0, (due - time.time()) * 1000))
