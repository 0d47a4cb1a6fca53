import signal
import subprocess
import sys

import psutil

from tests.rig.processes import ROOT, wait_for

STORY = """
import subprocess, sys
from tests.rig import processes
processes.end_in_order()
started = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
try:
    print(started.pid, flush=True)
    started.wait()
finally:
    processes.end(started)
"""


def test_run_that_is_told_to_end_ends_what_it_has_started():
    with subprocess.Popen([sys.executable, "-c", STORY], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        started = int(run.stdout.readline())
        run.send_signal(signal.SIGTERM)
        assert run.wait(20) == 128 + signal.SIGTERM
    assert wait_for(lambda: not psutil.pid_exists(started), 5)
