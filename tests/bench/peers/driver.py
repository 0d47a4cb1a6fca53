"""Starts a peer's processes, gives them the same work as this program gets, and reads the same log."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT, Popen

import psutil

from tests.bench import family, figures, record
from tests.bench.options import Options
from tests.bench.peers import work

ROOT = Path(__file__).resolve().parents[3]
WARM_UP = range(19_001, 19_033)
PROBE = range(19_101, 19_131)
ROWS = 20_000


class Peer:
    """What a scheduler must tell of itself to be measured."""

    title = ""
    # Quiet seconds after which what has not begun again after a crash is lost.
    stall = 8.0
    takes_orders = False

    def __init__(self) -> None:
        self.processes: list[Popen] = []

    def prepare(self) -> None:
        """Tables and the like, before anything is started."""

    def commands(self) -> list[list[str]]:
        raise NotImplementedError

    def now(self, numbers: range, what: str) -> None:
        """Have `work.WORKS[what]` run for each number, at once."""
        raise NotImplementedError

    def later(self, dues: Mapping[int, float], what: str) -> None:
        """The same at its moment (Unix seconds)."""
        raise NotImplementedError

    def started(self) -> None:
        """After every start of the processes."""

    def handed_over(self) -> Callable[[], bool]:
        """Whether the first due task has left the schedule."""
        size = _size()
        return lambda: _size() > size

    def start(self) -> None:
        with (work.FOLDER / "rig.log").open("ab") as log:
            for command in self.commands():
                stdin = PIPE if self.takes_orders else DEVNULL
                own = {"stdin": stdin, "stdout": log, "stderr": STDOUT, "start_new_session": True}
                self.processes.append(Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, **own))
        self.started()

    def start_behind(self, numbers: range) -> None:
        """Start with a queue that was filled before."""
        self.now(numbers, "note")
        self.start()

    def ready(self) -> None:
        """Its pool is warm: some tasks have run."""
        self.now(WARM_UP, "note")
        if not record.Watch(Path(work.LOG), WARM_UP).wait(60):
            raise AssertionError(f"{self.title} has not started, see {work.FOLDER}/rig.log.")

    def kill(self) -> None:
        """SIGKILL for every process of its sessions, until none is left: a forked child keeps its session."""
        sessions = {process.pid for process in self.processes}
        while mine := [process for process in psutil.process_iter() if _session(process) in sessions]:
            for process in mine:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            for process in self.processes:
                process.wait()
        self.processes = []

    def burst(self, number: int) -> dict:
        """So many due at one instant."""
        return self.due(dict.fromkeys(range(1, number + 1), self.moment(number)))

    def moment(self, number: int) -> float:
        """When so many can be due, for they must be handed over before; by how long a few take."""
        began = time.monotonic()
        self.later(dict.fromkeys(PROBE, time.time() + 1), "note")
        took = time.monotonic() - began
        record.Watch(Path(work.LOG), PROBE).wait(5)
        return time.time() + 3 + 2 * took / len(PROBE) * number

    def due(self, dues: dict[int, float]) -> dict:
        """How late each begins, and what never does."""
        began = time.monotonic()
        self.later(dues, "row")
        took = time.monotonic() - began
        if time.time() > min(dues.values()) - 0.2:
            raise AssertionError(f"{self.title}: handing over took {took:.1f} s, longer than there was.")
        quiet = 15 + max(0.0, min(dues.values()) - time.time())
        record.Watch(Path(work.LOG), range(1, len(dues) + 1)).wait(max(dues.values()) - time.time() + 60, quiet=quiet)
        return verdict(dues)

    def tail(self, number: int, look: Callable[[], object]) -> dict:
        """What polls is late by its interval; here only what comes after a look that finds so many due."""
        dues = dict.fromkeys(range(1, number + 1), time.time() - 0.001)
        self.later(dues, "row")
        looked_at = time.time()
        look()
        record.Watch(Path(work.LOG), range(1, number + 1)).wait(90, quiet=40)
        return verdict(dict.fromkeys(dues, looked_at))


def lateness(peer: Peer, options: Options) -> dict:
    with _running(peer):
        instant = peer.moment(options.posts)
        return peer.due({number: instant + number * 0.04 for number in range(1, options.posts + 1)})


def burst(peer: Peer, options: Options) -> dict:
    with _running(peer):
        return peer.burst(options.posts)


def drain(peer: Peer, options: Options) -> dict:
    """A queue that was filled while no worker ran; where a minute is not enough, what was done in it."""
    numbers = range(1, options.posts + 1)
    try:
        peer.start_behind(numbers)
        record.Watch(Path(work.LOG), numbers).wait(60, quiet=20)
    finally:
        peer.kill()
    begun = sorted(moments[0] for number, moments in record.read(Path(work.LOG)).items() if number in numbers)
    seconds = begun[-1] - begun[0]
    return {"posts": len(numbers), "done": len(begun), "settled_s": round(seconds, 3)} | {
        "per_s": round((len(begun) - 1) / seconds, 1)
    }


def crash(peer: Peer, options: Options) -> dict:
    """Killed in the middle of posts that are due at one instant and take 50 ms, started again."""
    numbers = range(1, options.posts + 1)
    with _running(peer):
        peer.later(dict.fromkeys(numbers, peer.moment(len(numbers))), "slow")
        record.Watch(Path(work.LOG), numbers, "E").wait(90, left=len(numbers) // 2, quiet=20)
    return _after(peer, numbers)


def handover(peer: Peer, options: Options) -> dict:
    """Killed as soon as the first of many that are due at one instant begins, started again."""
    numbers = range(1, options.posts + 1)
    with _running(peer):
        peer.later(dict.fromkeys(numbers, peer.moment(len(numbers))), "slow")
        is_over, deadline = peer.handed_over(), time.monotonic() + 90
        while not is_over() and time.monotonic() < deadline:
            time.sleep(0.005)
    return _after(peer, numbers)


def idle(peer: Peer, options: Options) -> dict:
    with _running(peer):
        return family.footprint([*(process.pid for process in peer.processes), *options.servers], options.seconds)


def verdict(dues: Mapping[int, float]) -> dict:
    begun = record.read(Path(work.LOG))
    late = [(begun[number][0] - due) * 1000 for number, due in dues.items() if number in begun]
    counts = {
        "posts": len(dues),
        "lost": sum(number not in begun for number in dues),
        "twice": sum(len(begun.get(number, ())) > 1 for number in dues),
        "early": sum(milliseconds < 0 for milliseconds in late),
    }
    return counts | figures.spread(late)


def run(peer: Peer, options: Options) -> None:
    lines = {line.__name__: line for line in (lateness, burst, drain, crash, handover, idle)}
    work.make_posts(ROWS)
    peer.prepare()
    try:
        sys.stdout.write(json.dumps(lines[options.line](peer, options)) + "\n")
        sys.stdout.flush()
    finally:
        peer.kill()
    os.kill(os.getpid(), signal.SIGKILL)  # some peers leave threads behind that would not end


@contextlib.contextmanager
def _running(peer: Peer, *, is_warm: bool = True) -> Iterator[None]:
    peer.start()
    try:
        if is_warm:
            peer.ready()
        yield
    finally:
        peer.kill()


def _after(peer: Peer, numbers: range) -> dict:
    log = Path(work.LOG)
    ended = len(record.read(log, "E"))
    began = time.time()
    with _running(peer, is_warm=False):
        record.Watch(log, numbers, "E").wait(240, quiet=peer.stall)
        time.sleep(2)
    begun, done = record.read(log), record.read(log, "E")
    again = [moments[-1] - began for number, moments in done.items() if number in numbers and moments[-1] > began]
    return {
        "posts": len(numbers),
        "before": ended,
        "lost": sum(number not in begun for number in numbers),
        "twice": sum(len(begun.get(number, ())) > 1 for number in numbers),
        "open": sum(number in begun and number not in done for number in numbers),
        "recovery_s": round(max(again), 2) if again else None,
    }


def _session(process: psutil.Process) -> int:
    try:
        return os.getsid(process.pid) if process.status() != psutil.STATUS_ZOMBIE else 0
    except (ProcessLookupError, psutil.NoSuchProcess):
        return 0


def _size() -> int:
    return Path(work.LOG).stat().st_size if Path(work.LOG).exists() else 0
