import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.boot.running import Running, environment
from tests.rig.processes import wait_for

SCRIPT = """
import os, sys
from pathlib import Path
from tools.supervisor import Supervisor
file = open(os.devnull)
sys.exit(Supervisor(Path("Procfile"), dict(os.environ), file.fileno(), finish_within=float(sys.argv[1])).run())
"""


class Started:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.all: list[Running] = []

    def __call__(self, procfile: str, finish_within: float = 30) -> Running:
        (self.folder / "Procfile").write_text(procfile)
        command = [sys.executable, "-c", SCRIPT, str(finish_within)]
        self.all.append(Running(command, environment(self.folder, 8000), cwd=self.folder))
        return self.all[-1]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Started]:
    started = Started(tmp_path)
    yield started
    for running in started.all:
        running.clear_away()


def test_child_that_dies_is_started_again_while_the_other_stays(supervise: Started) -> None:
    running = supervise("one: exec sleep 61\ntwo: exec sleep 62\n")
    assert wait_for(lambda: running.has("sleep 61") and running.has("sleep 62"), 5)
    one, two = running.find("sleep 61"), running.find("sleep 62")
    one.kill()
    assert wait_for(lambda: running.has("sleep 61", besides=one.pid), 2)
    assert running.find("sleep 62") == two
    assert running.hear("was ended", 1).string == "one | was ended by SIGKILL; starting it again.\n"


def test_child_that_dies_takes_what_it_left_along(supervise: Started) -> None:
    running = supervise("one: sleep 63 & exec sleep 64\n")
    assert wait_for(lambda: running.has("sleep 64"), 5)
    one = running.find("sleep 64")
    assert wait_for(one.children, 5)
    left = one.children()[0]
    one.kill()
    assert wait_for(lambda: not left.is_running() or left.status() == "zombie", 2)


def test_child_that_dies_at_once_is_tried_more_slowly_and_said_so(supervise: Started) -> None:
    running = supervise("one: echo broken; exit 3\n")
    words = running.hear("something is wrong", 10).string
    assert words == (
        "one | ended with exit code 3, 5 times in a short while: something is wrong, see the lines above. "
        "The next try is in 10 s.\n"
    )
    assert running.said.count("one | broken\n") == 5


def test_lines_carry_the_name_of_who_says_them(supervise: Started) -> None:
    running = supervise("web: echo hello; exec sleep 65\nworker: echo there >&2; exec sleep 66\n")
    assert running.hear("hello|there", 5).string in {"web    | hello\n", "worker | there\n"}
    assert running.hear("hello|there", 5).string in {"web    | hello\n", "worker | there\n"}


def test_child_with_work_under_way_may_finish_and_is_named(supervise: Started) -> None:
    running = supervise("slow: trap 'sleep 2.5; echo finished; exit 0' TERM; echo ready; while :; do sleep 0.1; done\n")
    running.hear("ready", 5)
    code, _ = running.end()
    waiting = "Waiting for slow to finish what is under way (up to 30 s; Ctrl+C again ends it now).\n"
    running.hear("Stopped", 1)
    assert (code, running.said[1:]) == (0, ["Stopping.\n", waiting, "slow | finished\n", "Stopped.\n"])


def test_child_that_does_not_finish_is_killed(supervise: Started) -> None:
    running = supervise("deaf: trap '' TERM; echo ready; while :; do sleep 0.1; done\n", finish_within=3)
    running.hear("ready", 5)
    running.remember_family()
    _, seconds = running.end()
    assert 3 <= seconds < 5
    assert running.hear("Stopped", 1).string == "Stopped what did not end by itself; the next start looks after it.\n"
    assert wait_for(running.has_left_none, 1)


def test_second_ctrl_c_ends_at_once(supervise: Started) -> None:
    running = supervise("deaf: trap '' TERM; echo ready; while :; do sleep 0.1; done\n")
    running.hear("ready", 5)
    running.process.send_signal(signal.SIGINT)
    running.hear("Waiting for deaf", 5)
    _, seconds = running.end()
    assert seconds < 1
