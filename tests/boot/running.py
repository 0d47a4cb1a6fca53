"""Starts Punctual as `make run` does, in a folder and on a port of its own, and listens to what it says."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), "PORT": str(port), **more}


def run_once(data_dir: Path, port: int, **more: str) -> tuple[int, str, str]:
    """Run the launcher to its end; return the exit code and what stood on stdout and stderr."""
    result = subprocess.run(
        [sys.executable, "-m", "tools.run"],
        cwd=ROOT,
        env=environment(data_dir, port, **more),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return result.returncode, result.stdout, result.stderr


class Running:
    """A process that says things, line by line, and the processes under it."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path = ROOT) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env={"PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._family: set[psutil.Process] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def hear(self, pattern: str, seconds: float) -> re.Match[str]:
        """Wait for a line that was not heard before."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(end - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"{pattern!r} was not said in {seconds} s, but:\n" + "".join(self.said)) from None
            if match := re.search(pattern, line):
                return match

    def find(self, words: str) -> psutil.Process:
        """Return the first process right under this one whose command line holds the words."""
        for child in psutil.Process(self.process.pid).children():
            if words in " ".join(_command_of(child)):
                return child
        raise AssertionError(f"No process of {words}")

    def has(self, words: str, besides: int = 0) -> bool:
        children = psutil.Process(self.process.pid).children()
        return any(child.pid != besides and words in " ".join(_command_of(child)) for child in children)

    def remember_family(self) -> None:
        self._family |= set(psutil.Process(self.process.pid).children(recursive=True))

    def has_left_none(self) -> bool:
        return not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in self._family)

    def end(self, number: signal.Signals = signal.SIGINT, seconds: float = 35) -> tuple[int, float]:
        """Send the signal and wait; return the exit code and the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(seconds), time.monotonic() - began

    def clear_away(self) -> None:
        if self.process.poll() is None:
            self.remember_family()
            self.process.kill()
            self.process.wait()
        for member in self._family:
            if member.is_running():
                member.kill()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.said.append(line)
                self._lines.put(line)


def start(data_dir: Path, port: int, **more: str) -> Running:
    return Running([sys.executable, "-m", "tools.run"], environment(data_dir, port, **more))


def status_of(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
