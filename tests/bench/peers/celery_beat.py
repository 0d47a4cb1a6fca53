"""Celery beat: every minute a task looks for due posts and sends a task for each; it marks nothing as queued."""

import os
import time

from celery import Celery

from tests.bench.peers import polling, work

INTERVAL = 60.0
app = Celery("tests.bench.peers.celery_beat", broker=work.REDIS_URL)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
app.conf.beat_schedule = {"check": {"task": "check", "schedule": INTERVAL}}
note = app.task(name="note")(work.note)


@app.task(name="check")
def check() -> None:
    due = "SELECT id FROM posts WHERE status = 'scheduled' AND due <= ?"
    for (number,) in work.posts().execute(due, (time.time(),)).fetchall():
        publish.delay(number)


@app.task(name="publish")
def publish(number: int) -> None:
    status, what = work.posts().execute("SELECT status, work FROM posts WHERE id = ?", (number,)).fetchone()
    if status == "scheduled":
        work.WORKS[what](number)
        work.posts().execute("UPDATE posts SET status = 'published' WHERE id = ?", (number,))


class Peer(polling.Polling):
    title = "Celery beat, 60 s"

    def commands(self) -> list[list[str]]:
        base = [f"{work.BIN}/celery", "-A", app.main]
        worker = [*base, "worker", "-c", str(work.WORKERS), "-l", "WARNING", "-n", f"bench{os.getpid()}@%h"]
        return [worker, [*base, "beat", "-l", "WARNING", "-s", f"{work.FOLDER}/beat", "--pidfile="]]

    def now(self, numbers: range, what: str) -> None:
        for number in numbers:
            note.delay(number)

    def burst(self, number: int) -> dict:
        return self.tail(number, check.delay)
