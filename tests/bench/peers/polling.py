"""The designs that look into a table of posts now and then."""

import time
from collections.abc import Mapping

from tests.bench.peers import driver, work


class Polling(driver.Peer):
    """Its schedule is the table of posts: scheduled there, found by the next look."""

    stall = 75.0

    def later(self, dues: Mapping[int, float], what: str) -> None:
        posts = work.posts()
        posts.execute("BEGIN IMMEDIATE")
        posts.executemany(
            "UPDATE posts SET status = 'scheduled', work = ?, due = ? WHERE id = ?",
            [(what, due, number) for number, due in dues.items()],
        )
        posts.execute("COMMIT")

    def now(self, numbers: range, what: str) -> None:
        self.later(dict.fromkeys(numbers, time.time()), what)
