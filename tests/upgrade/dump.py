"""The data of a version as SQL, from which later versions prove that they can upgrade it.

Made before a version is tagged: `python -m tests.upgrade.dump v0.1` writes tests/upgrade/v0.1.sql.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from tests.upkeep.installation import Installation

HERE = Path(__file__).parent


def dump(path: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = Installation.made(Path(scratch) / "data")
        # The keys are made for this file and used nowhere else; without them its sign-ins would mean nothing.
        keys = {name: (made.folder / name).read_text() for name in ("secret_key", "token_keys", "queue_keys")}
        with closing(sqlite3.connect(made.folder / "punctual.sqlite3")) as database:
            lines = [f"-- {name} {value}" for name, value in keys.items()]
            path.write_text("\n".join([*lines, *database.iterdump()]) + "\n")


def load(path: Path, folder: Path) -> Installation:
    """An installation that holds what the file says."""
    folder.mkdir()
    for line in path.read_text().splitlines()[:3]:
        _dashes, name, value = line.split(" ", 2)
        (folder / name).write_text(value)
    with closing(sqlite3.connect(folder / "punctual.sqlite3")) as database:
        database.executescript(path.read_text())
    return Installation(folder)


if __name__ == "__main__":
    dump(HERE / f"{sys.argv[1]}.sql")
