"""Memory that nobody needs is not taken, and what two processes hold alike they share. Figures: docs/performance.md."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boot.running import ROOT, environment, start
from tests.rig import processes
from tests.rig.processes import free_port, wait_for

LARGE = {"argparse", "dataclasses", "django", "email", "http.client", "inspect", "ssl"}
# A full collection writes to every object that it looks at.
COLLECTED = """
import gc, os, psutil
from types import SimpleNamespace
from project import start, web
start.start()
web.pre_fork(SimpleNamespace(cfg=SimpleNamespace(preload_app=True)), None)
if os.fork():
    os.wait()
else:
    gc.collect()
    memory = psutil.Process().memory_full_info()
    print(memory.uss < memory.rss / 4)
"""
NOT_PRELOADED = """
import sys
from types import SimpleNamespace
from project import web
web.pre_fork(SimpleNamespace(cfg=SimpleNamespace(preload_app=False)), None)
print("project.settings" in sys.modules)
"""
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="what is shared is only told by Linux")


def test_launcher_holds_no_library_that_it_needs_once() -> None:
    assert python(f"import sys, tools.run; print(sorted({LARGE!r} & set(sys.modules)))") == "[]\n"


def test_worker_holds_no_page(tmp_path: Path) -> None:
    processes.manage(tmp_path, "migrate", "-v", "0")
    worker = processes.start(tmp_path, "-v", "manage.py", "run_huey")
    try:
        # After the checks that a command of Django begins with.
        assert wait_for(lambda: "scheduler_ui.tasks" in imported(tmp_path), 30)
    finally:
        processes.end(worker)
    assert "scheduler_ui.urls" not in imported(tmp_path)


@only_linux
def test_web_process_shares_its_memory_with_the_one_that_restarts_it(tmp_path: Path) -> None:
    running = start(tmp_path, free_port())
    try:
        running.hear("^Punctual is at", 30)
        master = running.find("gunicorn")
        for process in [master, *master.children()]:
            memory = process.memory_full_info()
            assert memory.uss < memory.rss / 3
    finally:
        running.end()
        running.clear_away()


def test_web_process_that_shares_nothing_loads_no_page_before() -> None:
    assert python(NOT_PRELOADED) == "False\n"


@only_linux
def test_what_is_shared_stays_shared_after_a_garbage_collection(tmp_path: Path) -> None:
    assert python(COLLECTED, **environment(tmp_path, 8000)) == "True\n"


def python(script: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return done.stdout


def imported(folder: Path) -> set[str]:
    return set(re.findall(r"^import '(\S+)'", (folder / "rig.log").read_text(), re.MULTILINE))
