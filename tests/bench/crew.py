"""The worker processes of one measure."""

import os
import signal
import time
from pathlib import Path
from subprocess import Popen
from typing import Self

from tests.bench import record
from tests.bench.options import Options
from tests.rig import processes

# Whatever the rig says. Empty: the worker has the program's own, as whoever sets nothing has them. The gap is off, or
# three seconds between an account's overdue posts would be all that a drain, or a machine's slow moment, shows.
RULES = {"ACCOUNT_HOURLY_CAP": "", "REPEAT_SPAN": "", "CATCH_UP_GAP": "0"}
UNBRAKED = {"ACCOUNT_HOURLY_CAP": "0", "REPEAT_SPAN": "0"}


class Crew:
    """So many workers with so many threads each, from the program's own command."""

    def __init__(self, options: Options, **extra: str):
        self._options = options
        self._extra = {name: os.environ[name] for name in processes.BLANK if name in os.environ}
        self._extra |= RULES | ({} if options.is_braked else UNBRAKED) | extra
        self._extra |= {"BENCH_LOG": str(options.log), "BENCH_ANSWER_AFTER": str(options.answer_after)}
        self._extra |= {"THREADS": str(options.threads)}
        if options.is_sampled:
            self._extra["BENCH_SAMPLES"] = options.folder
        self._workers: list[Popen] = []

    def start(self) -> None:
        command = ["-m", "tests.bench.worker"]
        folder = Path(self._options.folder)
        self._workers = [processes.start(folder, *command, **self._extra) for _ in range(self._options.workers)]

    def kill(self) -> None:
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.wait()

    def sample(self, at: float = 0.0) -> None:
        """Begin to write down where the time goes, if that was asked for."""
        if self._options.is_sampled:
            time.sleep(max(at - time.time(), 0))
            for worker in self._workers:
                worker.send_signal(signal.SIGUSR1)

    def ready(self, numbers: range) -> None:
        """Come back when it is warm: posts of these numbers, due now, have gone out."""
        if not record.Watch(self._options.log, numbers).wait(90):
            raise AssertionError(f"The worker has not warmed up, see {self._options.folder}/rig.log.")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            processes.end(worker, 40)
