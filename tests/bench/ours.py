"""This program, measured: real workers, rows as the pages leave them, the network's own log as the witness.

Run as a program with DATA_DIR (and DATABASE_URL, REDIS_URL) set: `python -m tests.bench.ours OPTIONS`; prints one line
of JSON.
"""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

from project.start import start
from tests.bench import figures, record
from tests.bench.options import Options
from tests.rig import processes

WARM_UP = range(1_000_001, 1_000_065)
SHAPE = ("DATABASE_URL", "REDIS_URL")


def lateness(options: Options) -> dict:
    """Posts 40 ms apart."""
    return _due(options, [number * 0.04 for number in range(options.posts)])


def burst(options: Options) -> dict:
    """Posts all due at one instant."""
    return _due(options, [0.0] * options.posts)


def drain(options: Options) -> dict:
    """Posts overdue for ten minutes when the workers start."""
    from tests.bench import filling

    numbers, begin = range(1, options.posts + 1), time.time() - 600
    dues = {number: begin + number / 100 for number in numbers}
    filling.schedule(filling.accounts("bench", options.accounts), dues)
    with _workers(options) as workers:
        if options.is_sampled:
            processes.wait_for(options.log.exists, 30)
            _sample(workers)
        record.Watch(options.log, numbers).wait(60 + options.posts / 20, quiet=60)
        _settled(60)
    return _verdict(options, dues) | _rate()


def _due(options: Options, after: list[float]) -> dict:
    """Posts due so many seconds after one instant, workers warm and everything scheduled some seconds before."""
    from tests.bench import filling

    numbers = range(1, options.posts + 1)
    with _workers(options) as workers:
        filling.schedule(filling.accounts("warm", 4), dict.fromkeys(WARM_UP, time.time()))
        if not record.Watch(options.log, WARM_UP).wait(90):
            raise AssertionError(f"The worker has not warmed up, see {options.folder}/rig.log.")
        instant = time.time() + 4 + options.posts / 500
        dues = dict(zip(numbers, (instant + seconds for seconds in after), strict=True))
        filling.schedule(filling.accounts("bench", options.accounts), dues)
        if instant - time.time() < 2:
            raise AssertionError("Writing the posts took longer than there was.")
        if options.is_sampled:
            time.sleep(max(instant - 0.3 - time.time(), 0))
            _sample(workers)
        record.Watch(options.log, numbers).wait(after[-1] + 120)
        _settled(60)
    return _verdict(options, dues) | figures.spread(_late(options, dues)) | _rate()


@contextlib.contextmanager
def _workers(options: Options) -> Iterator[list[Popen]]:
    folder = Path(options.folder)
    extra = {name: os.environ[name] for name in SHAPE if name in os.environ}
    extra |= {"BENCH_LOG": str(options.log), "BENCH_ANSWER_AFTER": str(options.answer_after)}
    extra |= {"THREADS": str(options.threads)}
    if options.is_sampled:
        extra["BENCH_SAMPLES"] = options.folder
    workers = [processes.start(folder, "-m", "tests.bench.worker", **extra) for _ in range(options.workers)]
    try:
        yield workers
    finally:
        for worker in workers:
            processes.end(worker, 40)


def _sample(workers: list[Popen]) -> None:
    for worker in workers:
        worker.send_signal(signal.SIGUSR1)


def _settled(seconds: float) -> bool:
    from scheduler_ui.models import Status

    return processes.wait_for(lambda: not _measured().exclude(status=Status.PUBLISHED).exists(), seconds, 0.2)


def _late(options: Options, dues: dict[int, float]) -> list[float]:
    """Milliseconds, by the log's clock."""
    begun = record.read(options.log)
    return [(begun[number][0] - due) * 1000 for number, due in dues.items() if number in begun]


def _verdict(options: Options, dues: dict[int, float]) -> dict:
    """Lost, twice and early by the network's log; unsettled by the database."""
    from scheduler_ui.models import Status

    begun = record.read(options.log)
    return {
        "posts": len(dues),
        "lost": sum(number not in begun for number in dues),
        "twice": sum(len(begun.get(number, ())) > 1 for number in dues),
        "early": sum(begun[number][0] < due for number, due in dues.items() if number in begun),
        "unsettled": _measured().exclude(status=Status.PUBLISHED).count(),
    }


def _rate() -> dict:
    """Posts per second from the first claim to the last answer written down."""
    from django.db.models import Count, Max, Min

    span = _measured().aggregate(first=Min("marked_at"), last=Max("settled_at"), number=Count("settled_at"))
    seconds = (span["last"] - span["first"]).total_seconds()
    return {"settled_s": round(seconds, 3), "per_s": round(span["number"] / seconds, 1)}


def _measured():
    """Warming up does not count."""
    from scheduler_ui.models import Delivery

    return Delivery.objects.filter(account__handle__startswith="bench")


if __name__ == "__main__":
    start()
    asked = Options.read()
    sys.stdout.write(json.dumps({"lateness": lateness, "burst": burst, "drain": drain}[asked.line](asked)) + "\n")
