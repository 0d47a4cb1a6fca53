"""Keeps the Procfile's processes running side by side: one that dies is started again, the others stay up."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

ENTRY = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+)$")
FINISH_WITHIN = 30.0
AT_ONCE = 2.0
QUICK_DEATHS = 5
WITHIN = 30.0
LONG_PAUSE = 10.0
COLOURS = {"web": "36", "worker": "35"}

_speaking = threading.Lock()


def say(words: str) -> None:
    with _speaking:
        try:
            sys.stdout.write(f"{words}\n")
            sys.stdout.flush()
        except OSError:  # nobody listens any more; that is no reason to stop publishing
            pass


class Child:
    """One line of the Procfile and the process that runs it."""

    def __init__(self, name: str, command: str, width: int, start: Callable[[str], subprocess.Popen[str]]) -> None:
        self.name = name
        self.command = command
        self.prefix = f"{name:{width}} | "
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            self.prefix = f"\x1b[{COLOURS.get(name, '33')}m{self.prefix}\x1b[0m"
        self._start = start
        self._deaths: deque[float] = deque(maxlen=QUICK_DEATHS)
        self.starts_at = 0.0
        self.process: subprocess.Popen[str] | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.process = self._start(self.command)
        threading.Thread(target=self._repeat, args=(self.process,), daemon=True).start()

    def look(self, now: float) -> None:
        """Start the process again once it has ended; `now` is on the monotonic clock."""
        if self.process is not None and self.process.poll() is not None:
            self._mourn(self.process.returncode, now)
        elif self.process is None and now >= self.starts_at:
            self.start()

    def tell(self, number: signal.Signals) -> None:
        """Signal the process, or, to kill, everything that it started."""
        if self.process is None:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
        except ProcessLookupError:
            pass

    def _mourn(self, code: int, now: float) -> None:
        self._kill_what_it_left()
        self.process = None
        self._deaths.append(now)
        is_looping = len(self._deaths) == QUICK_DEATHS and now - self._deaths[0] < WITHIN
        self.starts_at = now + (LONG_PAUSE if is_looping else 0)
        end = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if is_looping:
            say(
                f"{self.prefix}{end}, {QUICK_DEATHS} times in a short while: something is wrong, see the lines above. "
                f"The next try is in {LONG_PAUSE:.0f} s."
            )
        else:
            say(f"{self.prefix}{end}; starting it again.")

    def _kill_what_it_left(self) -> None:
        # A gunicorn that was killed leaves its worker on the port for a moment, and the next one could not bind.
        self.tell(signal.SIGKILL)

    def _repeat(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            say(self.prefix + line.rstrip("\n"))


class Supervisor:
    """Runs in the Procfile's folder; `keep_open` is a file that the children are to hold open too."""

    def __init__(
        self, procfile: Path, environment: dict[str, str], keep_open: int, finish_within: float = FINISH_WITHIN
    ) -> None:
        self._environment = environment
        self._folder = procfile.parent
        self._keep_open = keep_open
        self._finish_within = finish_within
        self._libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        entries = [match.groups() for line in procfile.read_text().splitlines() if (match := ENTRY.match(line))]
        width = max(len(name) for name, _ in entries)
        self.children = [Child(name, command, width, self._spawn) for name, command in entries]
        self.is_ending = False

    def run(self) -> int:
        """Watch until SIGINT, SIGTERM or SIGHUP, then end everything; return the exit code."""
        # A flag, not an exception: that could strike between the start of a process and the note of its number.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._begin_to_end)
        while not self.is_ending:
            for child in self.children:
                child.look(time.monotonic())
            time.sleep(0.1)
        return self._end()

    def _begin_to_end(self, *_: object) -> None:
        self.is_ending = True

    def _end(self) -> int:
        say("Stopping.")
        for child in self.children:
            child.tell(signal.SIGTERM)
        is_done = self._wait(AT_ONCE) or self._wait_aloud()
        for child in self.children:
            child.tell(signal.SIGKILL)
        say("Stopped." if is_done else "Stopped what did not end by itself; the next start looks after it.")
        return 0

    def _wait_aloud(self) -> bool:
        names = " and ".join(child.name for child in self.children if child.is_running)
        most = f"up to {self._finish_within:.0f} s; Ctrl+C again ends it now"
        try:
            # Only now, and only Ctrl+C: make passes on a TERM that its whole group got already.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            say(f"Waiting for {names} to finish what is under way ({most}).")
            return self._wait(self._finish_within - AT_ONCE)
        except KeyboardInterrupt:
            return False

    def _wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while any(child.is_running for child in self.children):
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def _spawn(self, command: str) -> subprocess.Popen[str]:
        # A session of its own: Ctrl+C in the terminal reaches this process alone, which then ends the others in order.
        return subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=(self._keep_open,),
            preexec_fn=self._die_with_parent,
        )

    def _die_with_parent(self) -> None:
        if self._libc is not None:
            self._libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
