"""This program, measured: real workers, rows as the pages leave them, the network's own log as the witness.

Run as a program with DATA_DIR (and DATABASE_URL, REDIS_URL) set: `python -m tests.bench.ours OPTIONS`; prints one line
of JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

from project.start import start
from tests.bench import family, figures, record
from tests.bench.crew import Crew
from tests.bench.options import Options
from tests.rig import processes

WARM_UP = range(1_000_001, 1_000_065)
# A crash is found out by a lease that lapses: shorter ones, so that the bench does not take an hour.
SHORT_LEASE = {"PUBLISH_DEADLINE": "4", "LEASE_EXTRA": "1", "LOOKUP_DELAYS": "0,1,3"}


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
    with Crew(options) as crew:
        processes.wait_for(options.log.exists, 30)
        crew.sample()
        record.Watch(options.log, numbers).wait(60 + options.posts / 20, quiet=60)
        _settled(60)
    return _verdict(options, dues) | _rate() | {"kb_per_post": round(_bytes() / 1000 / options.posts, 2)}


def crash(options: Options) -> dict:
    """Killed in the middle of posts that are due at one instant, started again at once."""
    return _killed(options, options.posts // 2, "E")


def handover(options: Options) -> dict:
    """Killed as soon as the first of many that are due at one instant begins, started again at once."""
    return _killed(options, options.posts - 1, "S")


def idle(options: Options) -> dict:
    """The whole stack as `make run` starts it: its supervisor, the web process, the worker, and the servers."""
    folder, port = Path(options.folder), processes.free_port()
    extra = {name: os.environ[name] for name in processes.BLANK if name in os.environ}
    stack = processes.start(folder, "-m", "tools.run", PORT=str(port), **extra)
    try:
        is_up = processes.wait_for(lambda: "Punctual is at" in (folder / "rig.log").read_text(), 60, 0.2)
        assert is_up, f"see {folder}/rig.log"
        return family.footprint([stack.pid, *options.servers], options.seconds)
    finally:
        processes.end(stack, 40)


def _due(options: Options, after: list[float]) -> dict:
    """Posts due so many seconds after one instant, workers warm and everything scheduled some seconds before."""
    with Crew(options) as crew:
        dues = _scheduled(options, crew, after)
        crew.sample(at=dues[1] - 0.3)
        record.Watch(options.log, range(1, len(dues) + 1)).wait(after[-1] + 120)
        _settled(60)
    return _verdict(options, dues) | figures.spread(_late(options, dues)) | _rate()


def _killed(options: Options, left: int, kind: str) -> dict:
    numbers = range(1, options.posts + 1)
    crew = Crew(options, **SHORT_LEASE)
    with crew:
        dues = _scheduled(options, crew, [0.0] * options.posts)
        record.Watch(options.log, numbers, kind).wait(120, left=left)
        crew.kill()
        ended = sum(number in numbers for number in record.read(options.log, "E"))
        killed_at = time.time()
        crew.start()
        record.Watch(options.log, numbers).wait(120, quiet=60)
        _settled(60)
        recovered_at = time.time()
    verdict = _verdict(options, dues)
    told = {"open": verdict["unsettled"], "before": ended, "recovery_s": round(recovered_at - killed_at, 2)}
    return verdict | told


def _scheduled(options: Options, crew: Crew, after: list[float]) -> dict[int, float]:
    """The moments of the numbers, all of them promised some seconds ahead to workers that are warm."""
    from tests.bench import filling

    filling.schedule(filling.accounts("warm", 4), dict.fromkeys(WARM_UP, time.time()))
    crew.ready(WARM_UP)
    accounts = filling.accounts("bench", options.accounts)
    instant = time.time() + 5 + options.posts / 500
    dues = {number: instant + seconds for number, seconds in enumerate(after, 1)}
    filling.schedule(accounts, dues)
    if instant - time.time() < 2:
        raise AssertionError("Writing the posts took longer than there was.")
    return dues


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


def _bytes() -> int:
    """What the posts take with their deliveries, attempts and indexes; what the rest takes is small beside it."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database()) - pg_database_size('template')")
            return cursor.fetchone()[0]
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return cursor.fetchone()[0]


def _measured():
    """Warming up does not count."""
    from scheduler_ui.models import Delivery

    return Delivery.objects.filter(account__handle__startswith="bench")


if __name__ == "__main__":
    start()
    asked = Options.read()
    LINES = {line.__name__: line for line in (lateness, burst, drain, crash, handover, idle)}
    sys.stdout.write(json.dumps(LINES[asked.line](asked)) + "\n")
