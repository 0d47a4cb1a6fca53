"""The two shapes: a fresh database for every measure, copied from one that was migrated once."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.rig import processes


class Embedded:
    """SQLite and a queue in a file."""

    name = "embedded"

    def __init__(self, root: Path):
        self._template = root / "template"
        self._template.mkdir()
        self._root = root
        processes.manage(self._template, "migrate", "-v", "0")
        processes.manage(self._template, "createcachetable")

    @contextlib.contextmanager
    def fresh(self) -> Iterator[tuple[Path, dict[str, str]]]:
        """A folder and what its processes see in their environment."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        shutil.copytree(self._template, folder, dirs_exist_ok=True)
        yield folder, {}

    def close(self) -> None:
        pass
