"""What every subject of the bench writes when a post begins: one line in a log that survives `kill -9` of its writer.

A line is `KIND NUMBER SECONDS` by the machine's clock: S a send begins, E it ends, R a send that the network knew.
"""

import os
import time
from pathlib import Path

Record = dict[int, list[float]]
_files: dict[str, int] = {}


def note(path: str, kind: str, number: int) -> None:
    if path not in _files:
        _files[path] = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.write(_files[path], f"{kind} {number} {time.time():.6f}\n".encode())


def read(path: Path, kind: str = "S") -> Record:
    """The moments of every number, in the order of the log."""
    found: Record = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        what, number, at = line.split()
        if what == kind:
            found.setdefault(int(number), []).append(float(at))
    return found


class Watch:
    """Follows a log that grows, reading only what is new, so that looking does not disturb."""

    def __init__(self, path: Path, numbers: range, kind: str = "S"):
        self._path, self._kind, self._missing = path, kind, set(numbers)
        self._position, self._rest = 0, b""
        self.moved_at = time.monotonic()

    def look(self) -> int:
        """How many are still missing."""
        if self._path.exists() and self._path.stat().st_size > self._position:
            self._take()
        return len(self._missing)

    def wait(self, seconds: float, left: int = 0, quiet: float = 1e9) -> bool:
        """Whether at most `left` are missing, within so many seconds, the last `quiet` of them without any news."""
        deadline = time.monotonic() + seconds
        while self.look() > left:
            if time.monotonic() > deadline or time.monotonic() - self.moved_at > quiet:
                return False
            time.sleep(0.005 if left else 0.05)
        return True

    def _take(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._position)
            new = file.read()
        self._position += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            kind, number, _at = line.split()
            if kind.decode() == self._kind:
                self._missing.discard(int(number))
        self.moved_at = time.monotonic()
