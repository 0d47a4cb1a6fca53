"""The two shapes: a fresh database for every measure, copied from one that was migrated once."""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.rig import processes, servers


class Embedded:
    """SQLite and a queue in a file."""

    name = "embedded"
    servers: tuple[int, ...] = ()

    def __init__(self, root: Path):
        self._template = root / "template"
        self._template.mkdir()
        self._root = root
        processes.manage(self._template, "migrate", "-v", "0")
        processes.manage(self._template, "createcachetable")
        processes.manage(self._template, "collectstatic", "--noinput", "-v", "0")

    @contextlib.contextmanager
    def fresh(self) -> Iterator[tuple[Path, dict[str, str]]]:
        """A folder and what its processes see in their environment."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        shutil.copytree(self._template, folder, dirs_exist_ok=True)
        yield folder, {}

    def close(self) -> None:
        pass


class Grown:
    """PostgreSQL, every commit flushed, and Redis, both of the bench's own."""

    name = "grown"

    def __init__(self, root: Path):
        self._root = root
        self._servers = contextlib.ExitStack()
        self._database = self._servers.enter_context(servers.Postgres(durable=True))
        self._queue = self._servers.enter_context(servers.Redis())
        folder = root / "grown"
        folder.mkdir()
        extra = servers.grown(self._database.create("template"), self._queue)
        for command in (["migrate", "-v", "0"], ["createcachetable"], ["collectstatic", "--noinput", "-v", "0"]):
            processes.manage(folder, *command, **extra)
        self._static = folder / "static"

    @property
    def servers(self) -> tuple[int, int]:
        return self._database.process.pid, self._queue.process.pid

    @contextlib.contextmanager
    def fresh(self) -> Iterator[tuple[Path, dict[str, str]]]:
        """On servers that begin anew, as each of the peers has them: no cache full of what was measured before."""
        folder = Path(tempfile.mkdtemp(dir=self._root))
        name = f"bench_{secrets.token_hex(4)}"
        self._database.restart()
        self._queue.restart()
        with self._database.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        shutil.copytree(self._static, folder / "static")
        try:
            yield folder, servers.grown(self._database.url(name), self._queue)
        finally:
            # Nor a vacuum of it beside the next measure.
            with self._database.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._servers.close()


Stack = Embedded | Grown
SHAPES = {shape.name: shape for shape in (Embedded, Grown)}
