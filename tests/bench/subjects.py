"""Who is measured: this program in both shapes, the floor of the machine, and the peers."""

import contextlib
import hashlib
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench.options import Options
from tests.bench.stacks import SHAPES, Stack
from tests.rig import processes, servers

LOCK = processes.ROOT / "tests" / "bench" / "peers" / "requirements.txt"
VENV = processes.ROOT / ".venv-bench"
OWN = {"sizes": "sizes", "pages": "open_pages", "polls": "tabs", "bound": "bound", "webhook": "webhook"}


@dataclass(frozen=True)
class Place:
    """Where one measure runs: its folder, what it sees in its environment, the servers that are its own."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    servers: tuple[int, ...] = ()


class Ours:
    is_ours = True

    def __init__(self, shape: str):
        self.name, self.title = shape, f"Punctual, {shape}"
        self._shape = shape
        self._stack: Stack | None = None

    def command(self, options: Options) -> list[str]:
        return [sys.executable, "-m", f"tests.bench.{OWN.get(options.line, 'ours')}", options.dump()]

    def environment(self, place: Place) -> dict[str, str]:
        # A webhook's address is tried when it is connected, and the receiver is on this machine.
        return processes.environment(place.folder, ALLOW_PRIVATE_TARGETS="127.0.0.0/8", **place.extra)

    @contextlib.contextmanager
    def place(self, root: Path) -> Iterator[Place]:
        self._stack = self._stack or SHAPES[self._shape](root)
        with self._stack.fresh() as (folder, extra):
            yield Place(folder, extra, self._stack.servers)

    def close(self) -> None:
        if self._stack is not None:
            self._stack.close()


class Floor:
    is_ours = False
    name, title = "floor", "the floor"

    def command(self, options: Options) -> list[str]:
        return [sys.executable, "-m", "tests.bench.floor", options.dump()]

    def environment(self, place: Place) -> dict[str, str]:
        return processes.environment(place.folder)

    @contextlib.contextmanager
    def place(self, root: Path) -> Iterator[Place]:
        yield Place(Path(tempfile.mkdtemp(dir=root)))

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Peer:
    """A module of `tests.bench.peers`, with a server of its own for every measure where it needs one."""

    module: str
    title: str
    needs: str = ""  # "redis" or "postgres"
    variant: str = ""
    is_exact: bool = True  # it has no poll of its own to wait for
    is_ours = False

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.module, self.variant)))

    def command(self, options: Options) -> list[str]:
        return [f"{VENV}/bin/python", "-m", "tests.bench.peers", self.module, options.dump()]

    def environment(self, place: Place) -> dict[str, str]:
        """Nothing of this program's: some peers are Django's, and would read its settings."""
        own = processes.environment(place.folder, BENCH_VARIANT=self.variant, **place.extra)
        return {name: value for name, value in own.items() if name != "DJANGO_SETTINGS_MODULE"}

    @contextlib.contextmanager
    def place(self, root: Path) -> Iterator[Place]:
        place = Place(Path(tempfile.mkdtemp(dir=root)))
        if self.needs == "redis":
            with servers.Redis() as queue:
                yield replace(place, extra={"REDIS_URL": queue.url()}, servers=(queue.process.pid,))
        elif self.needs == "postgres":
            with servers.Postgres(durable=True) as database:
                url = database.create().replace("postgres://", "postgresql://")
                yield replace(place, extra={"DATABASE_URL": url}, servers=(database.process.pid,))
        else:
            yield place

    def close(self) -> None:
        pass


Subject = Ours | Floor | Peer
SOME_PEERS = (
    Peer("celery_eta", "Celery, eta", "redis"),
    Peer("apscheduler_3", "APScheduler 3"),
    Peer("huey_sqlite", "Huey on SQLite"),
    Peer("huey_redis", "Huey on Redis", "redis"),
)
MORE_PEERS = (
    Peer("celery_eta", "Celery, eta, late acks after 5 s", "redis", "late"),
    Peer("celery_threads", "Celery, eta, threads", "redis"),
    Peer("celery_beat", "Celery beat, 60 s", "redis", is_exact=False),
    Peer("django_q_orm", "django-q2 on SQLite", is_exact=False),
    Peer("django_q_redis", "django-q2 on Redis", "redis", is_exact=False),
    Peer("huey_postgres", "Huey on PostgreSQL", "postgres"),
    Peer("dramatiq_delay", "Dramatiq", "redis"),
    Peer("rq_scheduler", "RQ", "redis"),
    Peer("procrastinate_worker", "Procrastinate", "postgres"),
    Peer("django_thread", "a thread, 30 s", is_exact=False),
)


def install_peers() -> None:
    """Their packages, pinned and hashed, in an environment of their own: this program's never sees them."""
    stamp, digest = VENV / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    venv.create(VENV, with_pip=True, clear=True)
    pip = [f"{VENV}/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
    stamp.write_text(digest)
