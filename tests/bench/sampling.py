"""Where a worker spends its time: all threads' stacks, two hundred times a second, and the CPU of each thread.

SIGUSR1 begins it; the report is written when the process ends. What merely waits is left out.
"""

import collections
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import psutil

EVERY = 0.005
SHOWN = 45
IDLE = {"wait", "acquire", "_wait_for_tstate_lock", "select", "poll", "wait_for", "sleep", "get"}
Stack = list[str]


class Sampler(threading.Thread):
    def __init__(self, path: Path):
        super().__init__(name="sampler", daemon=True)
        self._path = path
        self._innermost: collections.Counter[str] = collections.Counter()
        self._within: collections.Counter[str] = collections.Counter()
        self._lines: collections.Counter[str] = collections.Counter()
        self._samples = 0
        self._before: dict[int, float] = {}
        # By the kernel's number of a thread: its name and its CPU seconds when last seen; it may have ended since.
        self._spent: dict[int, tuple[str, float]] = {}
        signal.signal(signal.SIGUSR1, lambda *_: self.start())

    def run(self) -> None:
        self._before = _cpu()
        while True:
            time.sleep(EVERY)
            self._samples += 1
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != threading.get_ident():
                    self._count(_group(names.get(ident, "?")), frame)
            if self._samples % 20 == 0:
                self._look_at_cpu()

    def report(self) -> None:
        if not self._samples:
            return
        parts = [f"{self._samples} samples, one every {EVERY * 1000:.0f} ms or later\n\nCPU seconds by thread"]
        spent: collections.Counter[str] = collections.Counter()
        for name, seconds in self._spent.values():
            spent[name] += seconds
        parts += [f"{seconds:8.2f} {name}" for name, seconds in spent.most_common()]
        for title, counted in (
            ("within (the function or what it calls)", self._within),
            ("innermost function", self._innermost),
            ("innermost line of this project", self._lines),
        ):
            parts.append(f"\n{title}: stacks per sample, by thread group")
            rows = counted.most_common(SHOWN)
            parts += [f"{number / self._samples:8.2f} {name}" for name, number in rows]
        self._path.write_text("\n".join(parts) + "\n")

    def _count(self, group: str, frame: FrameType) -> None:
        if frame.f_code.co_name in IDLE:
            return
        seen, line, inner = set(), "", frame
        self._innermost[f"{group} {_name(frame)}"] += 1
        while frame is not None:
            seen.add(f"{group} {_name(frame)}")
            if not line and "scheduler_ui" in frame.f_code.co_filename:
                line = f"{_name(frame)}:{frame.f_lineno} <- {_name(inner)}"
            frame = frame.f_back
        self._within.update(seen)
        self._lines[f"{group} {line}"] += 1

    def _look_at_cpu(self) -> None:
        names = {thread.native_id: _group(thread.name) for thread in threading.enumerate()}
        for ident, seconds in _cpu().items():
            known = self._spent.get(ident, ("(not Python's)", 0.0))[0]
            self._spent[ident] = names.get(ident, known), seconds - self._before.get(ident, 0)


def _cpu() -> dict[int, float]:
    return {thread.id: thread.user_time + thread.system_time for thread in psutil.Process().threads()}


def _group(name: str) -> str:
    """The sixteen workers count as one."""
    return name.rstrip("0123456789").rstrip("-")


def _name(frame: FrameType) -> str:
    where = frame.f_code.co_filename.split("site-packages/")[-1].split("/lib/python3")[-1]
    return f"{where.rsplit('/w/', 1)[-1]}:{frame.f_code.co_name}"
