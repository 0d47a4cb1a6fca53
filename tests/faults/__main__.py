"""The fault table: `python -m tests.faults` (CI tier, scaled time) or `python -m tests.faults --real` (the soak)."""

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults import plan, report, soak
from tests.faults.job import TEMPLATE
from tests.faults.scheduling import Job, Run, run_all
from tests.faults.stage import CI_SCALE, UNSCALED
from tests.rig import processes, servers


def main() -> int:
    asked = _arguments()
    processes.end_in_order()
    rows = plan.load()
    if pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", "tests/faults/test_checker.py"]):
        say("The judge cannot be trusted: its own tests fail.")
        return 1
    numbers = [int(number) for number in asked.rows.split(",")] if asked.rows else list(rows)
    jobs = [
        Job(rows[number], part, shape, turn)
        for number in numbers
        for shape in asked.shapes.split(",")
        for turn in range(_rounds(rows[number], asked))
        for part in rows[number].parts
    ]
    began = time.monotonic()
    say(_introduction(asked))
    with _shared(asked) as run:
        results, left = _play(soak.oldest_first(jobs) if asked.real else jobs, run, asked)
    return _conclude(results, left, asked, time.monotonic() - began)


def _rounds(row: plan.FaultRow, asked: argparse.Namespace) -> int:
    return row.rounds if asked.real else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--rows", default=os.environ.get("ROWS", ""), help="such as 1,13 (all of them)")
    parser.add_argument("--shapes", default=os.environ.get("SHAPES") or ",".join(plan.SHAPES))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or random.randrange(10**6)))
    parser.add_argument("--real", action="store_true", help="real time and ten times as many")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES") or 0), help="begin none later")
    parser.add_argument("--json", type=Path, default=Path("test-results/faults.json"))
    parser.add_argument("--keep", action="store_true", help="leave every job's folder where it is")
    parser.add_argument("--cores", type=float, default=float(os.environ.get("CORES") or 0))
    asked = parser.parse_args()
    # What a row is said to take is the CI tier's. The soak's bounds are the table's own, with nothing for a crowd.
    asked.cores = asked.cores or (1 if asked.real else 1.5) * (os.cpu_count() or 2)
    return asked


def _introduction(asked: argparse.Namespace) -> str:
    scale = 1 if asked.real else CI_SCALE
    real = ", ".join(f"{name.lower()} {seconds:g} s" for name, seconds in UNSCALED.items())
    how = "real time" if asked.real else f"time x {scale:g} (not: {real})"
    crowd = f"rows beside each other for {asked.cores:g} of {os.cpu_count()} cores"
    return f"Fault table: {how}, SEED={asked.seed}, {crowd}, {soak.version()}\n{report.head()}"


@contextlib.contextmanager
def _shared(asked: argparse.Namespace) -> Iterator[Run]:
    """A prepared folder and, for the grown shape, a server with a prepared database: made once, copied by each job."""
    with contextlib.ExitStack() as ending:
        template = Path(tempfile.mkdtemp(prefix="punctual-faults-template-"))
        ending.callback(shutil.rmtree, template, ignore_errors=True)
        settings = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
        processes.manage(template, "prepare", **settings)
        url = ""
        if "grown" in asked.shapes:
            postgres = ending.enter_context(servers.Postgres())
            database = postgres.create(TEMPLATE)
            with servers.Redis() as redis:
                grown = servers.grown(database, redis)
                for command in ("migrate", "createcachetable"):
                    processes.manage(template, command, "-v", "0", **settings, **grown)
            url = postgres.url("").rstrip("/")
        minutes = asked.minutes or (60 * 24 if asked.real else 60)
        yield Run(
            template=template,
            postgres=url,
            seed=asked.seed,
            is_real=asked.real,
            scale=1 if asked.real else CI_SCALE,
            cores=asked.cores,
            until=time.monotonic() + minutes * 60,
        )


def _play(jobs: list[Job], run: Run, asked: argparse.Namespace) -> tuple[list[dict[str, Any]], list[Job]]:
    """The results, also of rows that have failed before they were played to their end; and what was not begun."""
    done: dict[tuple[int, str], list[Job]] = {}
    results: list[dict[str, Any]] = []
    told = {"seed": run.seed, "version": soak.version(), "cores": f"{asked.cores:g} of {os.cpu_count()}"}

    def keep(found: dict[str, Any]) -> None:
        results.append(found | told)
        say(report.line(found))
        if asked.real:
            soak.keep(found | told)

    def note(job: Job) -> None:
        mine = done.setdefault((job.row.number, job.shape), [])
        mine.append(job)
        if len(mine) == _jobs_of(job.row, asked):
            keep(report.merged(mine))
        elif job.figures["complaints"]:
            say(report.trouble(job))  # there may be no time left for the others

    left = run_all(jobs, run, note, keep=asked.keep)
    for mine in done.values():
        count = _jobs_of(mine[0].row, asked)
        if len(mine) < count and any(job.figures["complaints"] for job in mine):
            found = report.merged(mine)
            keep(found | {"complaints": [*found["complaints"], f"{len(mine)} of {count} parts were played"]})
    return results, left


def _jobs_of(row: plan.FaultRow, asked: argparse.Namespace) -> int:
    return len(row.parts) * _rounds(row, asked)


def _conclude(results: list[dict[str, Any]], left: list[Job], asked: argparse.Namespace, seconds: float) -> int:
    """Print the end and write the JSON; 1 where something failed, was left in the CI tier, or nothing was shown."""
    results.sort(key=lambda found: (found["row"], found["shape"]))
    missing = sorted({(job.row.number, job.shape) for job in left})
    if missing:
        say(f"No time was left for: {', '.join(f'{number} {shape}' for number, shape in missing)}")
    head = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "seed": asked.seed, "is_real": asked.real}
    head |= {"scale": 1 if asked.real else CI_SCALE, "seconds": round(seconds), "cores": os.cpu_count()}
    head |= {"cores_used": asked.cores, "version": soak.version(), "left": missing}
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(head | {"rows": results}, indent=1))
    say(f"Took {seconds:.0f} s. Every figure, and the logs of what failed: {asked.json}")
    failed = {(found["row"], found["shape"]) for found in results if found["complaints"]}
    passed = len(results) - len(failed)
    if not asked.real:
        failed |= set(missing)
    say(f"{passed} passed, {len(failed)} failed, {len(missing)} left")
    return 1 if failed or not passed else 0


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
