"""A server of the tests' own: a process on a port and a folder that lasts until the test is over, and no longer."""

import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psutil

from tests.rig.processes import wait_for

SHARED_MEMORY = Path("/dev/shm")  # a flush costs nothing there
START_SECONDS = 60
# Reads until whoever started it is gone, however that went; then ends the server, whose only other trace is its folder.
GUARD = """
cat >/dev/null; trap '' HUP INT TERM
if read -r pid <"$1/pid"; then
  children=$(cat "/proc/$pid/task/$pid/children")
  kill -CONT "$pid" $children; kill -QUIT "$pid"; sleep 1; kill -KILL "$pid" $children
fi
rm -rf "$1"
"""


class Server:
    """One process that can be stopped, killed, frozen and started again, on the same port and with its data."""

    name = ""
    user: str | None = None

    def __init__(self, *, durable: bool = False):
        self.port = lasting_port()
        self.password = secrets.token_hex(8)
        base = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) and not durable else None
        self.folder = Path(tempfile.mkdtemp(prefix=f"punctual-{self.name}-", dir=base))
        self.process: subprocess.Popen | None = None
        if self.user:
            shutil.chown(self.folder, self.user)
        # Threads may start servers, so no PR_SET_PDEATHSIG: it would strike when the thread ends.
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, "guard", self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def command(self) -> list[str | Path]:
        raise NotImplementedError

    def is_up(self) -> bool:
        """Whether it serves; may raise what its client raises while it does not."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it, again on the same data, and come back when it serves."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", 'echo $$ >"$0/pid"; exec "$@"', self.folder, *self.command()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **run_as(self.user),
            )
        if not wait_for(self._is_up_or_dead, START_SECONDS, 0.05) or self.process.poll() is not None:
            raise AssertionError(f"{self.name} did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, seconds: float = 15) -> None:
        """End it in order; one that does not end is killed."""
        self.thaw()
        self._signal(signal.SIGINT, whole=False)
        try:
            if self.process is not None:
                self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL for it and all of its children, as in a power cut."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def restart(self, away: float = 0) -> None:
        self.stop()
        time.sleep(away)
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        (self.folder / "pid").unlink(missing_ok=True)  # nothing is left for the guard to end
        shutil.rmtree(self.folder, ignore_errors=True)
        self._guard.communicate()

    def _is_up_or_dead(self) -> bool:
        try:
            return self.process is None or self.process.poll() is not None or self.is_up()
        except Exception:
            return False

    def _signal(self, number: int, *, whole: bool = True) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        leader = psutil.Process(self.process.pid)
        for process in [leader, *(leader.children(recursive=True) if whole else [])]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def lasting_port() -> int:
    """A free port below those that outgoing connections take, so that it is still free after a stop."""
    while True:
        port = random.randint(15_000, 32_000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def somebody(name: str) -> str | None:
    """PostgreSQL refuses to run as root: the package's user then, or nobody."""
    if os.geteuid():
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return name if name in known else "nobody"


def run_as(user: str | None) -> dict:
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
