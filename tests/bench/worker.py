"""`manage.py run_huey` with the bench's network among the platforms; nothing else is different."""

import atexit
import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from project.start import start
from tests.bench import network

if __name__ == "__main__":
    start()
    network.join()
    if "BENCH_SAMPLES" in os.environ:
        from tests.bench.sampling import Sampler

        atexit.register(Sampler(Path(os.environ["BENCH_SAMPLES"]) / f"samples-{os.getpid()}.txt").report)
    execute_from_command_line(["manage.py", "run_huey", *sys.argv[1:]])
