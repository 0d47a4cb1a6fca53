"""Jobs side by side: those that mostly wait run beside those that keep a core busy."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.plan import FaultRow
from tests.rig import processes

# A row that takes this many times as long as it says, and a minute, has hung.
PATIENCE = 4
KEPT_LOG = 6000
# Seconds between two starts; in real time most of a row is waiting, and what keeps a core busy should not coincide.
APART, APART_REAL = 1.0, 8.0


@dataclass
class Job:
    """One part of one row on one shape; each round has a seed of its own."""

    row: FaultRow
    part: str
    shape: str
    round: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0


@dataclass(frozen=True)
class Run:
    """What all jobs of a run share. `until`: monotonic; what has not begun by then is left for another time."""

    template: Path
    postgres: str
    seed: int
    is_real: bool
    scale: float
    cores: float
    until: float


class Running:
    """A job's process, its folder and its clock."""

    def __init__(self, job: Job, run: Run):
        self.job, self.began = job, time.monotonic()
        self.limit = 60 + job.row.seconds * PATIENCE * (30 if run.is_real else 1)
        self.folder = Path(tempfile.mkdtemp(prefix=f"punctual-faults-{job.row.number}-"))
        fill(self.folder, run.template)
        own = {"FAULTS_POSTGRES": run.postgres, "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
        own |= {"TIME_SCALE": f"{run.scale:g}", "ALLOW_PRIVATE_TARGETS": "127.0.0.0/8"}
        arguments = [
            str(job.row.number),
            job.part,
            job.shape,
            str(run.seed + job.round),
            "real" if run.is_real else "ci",
        ]
        self._out, self._err = (self.folder / name for name in ("job.out", "job.err"))
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.job", *arguments],
                cwd=processes.ROOT,
                env=processes.environment(self.folder, **own),
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def is_over(self) -> bool:
        if self._process.poll() is not None:
            return True
        if time.monotonic() - self.began < self.limit:
            return False
        self.end()
        return True

    def end(self) -> None:
        """Its whole group: workers, web and network included."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    def close(self, keep: bool) -> Job:
        """Read what it found; a job that has not said it has failed."""
        self.end()
        job = self.job
        job.seconds = round(time.monotonic() - self.began, 1)
        try:
            job.figures = json.loads(self._out.read_text().splitlines()[-1])
        except (IndexError, ValueError):
            job.figures = {"complaints": [f"it gave no figures after {job.seconds:.0f} s (limit {self.limit:.0f} s)"]}
        if job.figures["complaints"]:
            job.figures["log"] = _tail(self._err) + _tail(self.folder / "rig.log")
        if not keep:
            self.remove()
        return job

    def remove(self) -> None:
        if (self.folder / "disk").is_mount():  # a job that was killed has left it
            subprocess.run(["umount", "-l", str(self.folder / "disk")], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def fill(folder: Path, template: Path) -> None:
    """A prepared data folder; the collected static files are many, and only read."""
    for path in template.iterdir():
        if path.name == "static":
            (folder / "static").symlink_to(path)
        elif path.is_file():
            shutil.copy2(path, folder)


def run_all(jobs: Iterable[Job], run: Run, done: Callable[[Job], None], *, keep: bool = False) -> list[Job]:
    """Run them, longest first, as many at once as the cores allow; returns what there was no time to begin."""
    waiting = list(jobs) if run.is_real else sorted(jobs, key=lambda job: -job.row.seconds)
    running: list[Running] = []
    try:
        while waiting or running:
            for over in [one for one in running if one.is_over()]:
                running.remove(over)
                done(over.close(keep))
            if time.monotonic() > run.until:
                break
            _begin(waiting, running, run)
            time.sleep(0.1)
        for one in running:
            done(_wait(one).close(keep))
        running = []
    finally:
        for one in running:
            one.end()
            one.remove()
    return waiting


def _begin(waiting: list[Job], running: list[Running], run: Run) -> None:
    busy = sum(one.job.row.cores for one in running)
    if running and time.monotonic() - running[-1].began < (APART_REAL if run.is_real else APART):
        return  # a crowd that starts at once would only wait for each other
    job = next((job for job in waiting if not running or busy + job.row.cores <= run.cores), None)
    if job:
        waiting.remove(job)
        running.append(Running(job, run))


def _wait(one: Running) -> Running:
    while not one.is_over():
        time.sleep(0.1)
    return one


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-KEPT_LOG:] if path.exists() else ""
