"""A daemon thread beside Django that looks every 30 s and publishes what is due, one after another."""

import sys
import time

from tests.bench import record
from tests.bench.peers import polling, work

INTERVAL = 30.0


def poll_forever() -> None:
    due = "SELECT id, work FROM posts WHERE status = 'scheduled' AND due <= ? ORDER BY due"
    while True:
        record.note(work.LOG, "T", 0)
        for number, what in work.posts().execute(due, (time.time(),)).fetchall():
            work.WORKS[what](number)
            work.posts().execute("UPDATE posts SET status = 'published' WHERE id = ?", (number,))
        time.sleep(INTERVAL)


class Peer(polling.Polling):
    title = "a thread, 30 s"

    def commands(self) -> list[list[str]]:
        return [[sys.executable, "-c", "from tests.bench.peers import django_thread; django_thread.poll_forever()"]]

    def ready(self) -> None:
        """Its first look has been."""
        time.sleep(2)

    def burst(self, number: int) -> dict:
        self.kill()
        return self.tail(number, self.start)
