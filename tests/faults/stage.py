"""What a row plays on: its own database, worker, web and network processes, and the posts that it schedules."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.request import Request, urlopen

import psutil

from tests.faults import checker
from tests.faults.checker import Evidence, Figures, Promise, Row, Window
from tests.rig import processes
from tests.rig.servers import Postgres, Redis

if TYPE_CHECKING:
    from scheduler_ui.models import Account

CI_SCALE = 0.1
# These stay real whatever the scale: they are about the machine's own quickness, which nothing scales.
UNSCALED = {"TICK": 0.25, "LEAD": 0.2, "CLAIM_BEFORE": 0.1, "FRESH": 5, "REOFFER": 0.25}
# What the machine may add to a bound: the longer the more crowded it is. The soak's bounds are the table's own.
SLACK, STARTS, MOST_SLACK = 3.0, 5, 10.0
SHORT = 30


class CannotRun(Exception):
    """This machine lacks what the row needs; the message says what."""


class Net:
    """One fake network's process."""

    def __init__(self, folder: Path, port: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        with (folder / "network.err").open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.network", str(folder), str(port)],
                cwd=processes.ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (folder / "network.err").read_text()
        self.port = int(line)
        self.base = f"http://127.0.0.1:{self.port}"

    def script(self, *lines: dict[str, Any]) -> None:
        self._say("_script", list(lines))

    def clear(self) -> None:
        self._say("_clear", None)

    def tokens(self, pairs: dict[str, dict[str, str]]) -> None:
        self._say("_tokens", pairs)

    def arrivals(self) -> list[checker.Arrival]:
        return checker.read_logs(self.folder)

    def requests(self) -> list[dict[str, Any]]:
        """Everything that was asked beside posts: refreshes, look-ups, pictures."""
        path = self.folder / "requests.jsonl"
        return [json.loads(line) for line in path.open()] if path.exists() else []

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _say(self, what: str, value: Any) -> None:
        request = Request(f"{self.base}/{what}", data=json.dumps(value).encode(), method="POST")
        with urlopen(request, timeout=10) as answer:
            answer.read()


@dataclass(frozen=True)
class Play:
    """Which part of a row is played, where and how."""

    shape: str
    part: str
    seed: int
    is_real: bool


class Stage:
    """Everything that a row needs; a context manager that ends what it started."""

    def __init__(self, play: Play, folder: Path, redis: Redis | None = None, postgres: Postgres | None = None):
        self.shape, self.part, self.is_real = play.shape, play.part, play.is_real
        self._redis, self._postgres = redis, postgres
        self.scale = 1.0 if play.is_real else CI_SCALE
        self.slack = min(max(SLACK, STARTS * (time.time() - psutil.Process().create_time())), MOST_SLACK)
        self.random = random.Random(play.seed)
        # Logs of networks and processes, and what the program keeps: the same, but where a row plays on a small disk.
        self.folder, self.data = folder, Path(os.environ["DATA_DIR"])
        self.database = os.environ.get("DATABASE_URL") or str(self.data / "punctual.sqlite3")
        self.complaints: list[str] = []
        self.windows: list[Window] = []
        self.promises: list[Promise] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._nets: list[Net] = []
        self._posted = 0
        self._people: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            self.proceed(process)
            process.kill()
            process.wait()
        for net in self._nets:
            net.end()

    @property
    def is_grown(self) -> bool:
        return self.shape == "grown"

    @property
    def redis(self) -> Redis:
        assert self._redis is not None, "the embedded shape has none"
        return self._redis

    @property
    def postgres(self) -> Postgres:
        assert self._postgres is not None, "the row did not ask for one of its own"
        return self._postgres

    # --- Numbers ------------------------------------------------------------------------------------------------------

    def many(self, in_table: int, in_ci: int) -> int:
        """The table's own number in ten times as many for the soak, and what CI has time for."""
        return in_table * 10 if self.is_real else in_ci

    def bound(self, seconds: float) -> float:
        """A bound of the table on this run's clock; one that is short is about the machine, which nothing scales."""
        scaled = seconds if seconds <= SHORT else seconds * self.scale
        return seconds if self.is_real else scaled + self.slack

    def span(self, seconds: float) -> float:
        """A span of the program's on this run's clock."""
        return seconds * self.scale

    @property
    def lease(self) -> float:
        return self.span(30)

    # --- Processes ----------------------------------------------------------------------------------------------------

    def environment(self, **extra: str) -> dict[str, str]:
        """What the program's processes are told: this row's database, this run's time."""
        shape = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
        real = {name: f"{seconds / self.scale:g}" for name, seconds in UNSCALED.items()}
        own = {"TIME_SCALE": f"{self.scale:g}", "ALLOW_PRIVATE_TARGETS": "127.0.0.0/8", **real, **shape}
        return own | {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "MALLOC_ARENA_MAX": "2"} | extra

    def net(self, name: str = "net", port: int = 0) -> Net:
        net = Net(self.folder / name, port)
        self._nets.append(net)
        return net

    def worker(self, *, is_awaited: bool = True, **extra: str) -> "subprocess.Popen[bytes]":
        """A real worker, beating when this returns unless it is not to be awaited."""
        worker = processes.start(self.data, "manage.py", "run_huey", **self.environment(**extra))
        self._started.append(worker)
        if is_awaited and not processes.wait_for(lambda: self._beats(worker), 60, 0.05):
            raise AssertionError(f"a worker did not begin to beat: {self.log_tail()}")
        return worker

    def manage(self, *arguments: str) -> str:
        """One of the program's own commands; returns what it printed."""
        return processes.manage(self.data, *arguments, **self.environment())

    def look_after(self, process: "subprocess.Popen[bytes]") -> None:
        """End it with the stage."""
        self._started.append(process)

    def _beats(self, worker: "subprocess.Popen[bytes]") -> bool:
        with contextlib.suppress(Exception):
            return bool(self.query(f"SELECT 1 FROM scheduler_ui_worker WHERE pid = {worker.pid}"))
        return False

    def kill(self, process: "subprocess.Popen[bytes]") -> datetime:
        """SIGKILL; returns when."""
        process.kill()
        process.wait()
        return now()

    def stop(self, process: "subprocess.Popen[bytes]") -> None:
        """SIGSTOP, at a moment when it holds no lock of SQLite's, which would stop everybody."""
        while True:
            process.send_signal(signal.SIGSTOP)
            processes.wait_for(lambda: _is_stopped(process.pid), 10, 0.001)
            if self.is_grown or (_is_free(self.data / "punctual.sqlite3") and _is_free(self.data / "queue.sqlite3")):
                return
            process.send_signal(signal.SIGCONT)
            time.sleep(0.01)

    @staticmethod
    def proceed(process: "subprocess.Popen[bytes]") -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What this row's processes have said."""
        path = self.folder / "rig.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log_tail(self) -> str:
        return self.log()[-3000:]

    # --- Posts --------------------------------------------------------------------------------------------------------

    @staticmethod
    def fresh() -> None:
        """Let go of connections that a fault has broken."""
        from django.db import close_old_connections

        close_old_connections()

    def account(self, name: str, net: Net, **fields: Any) -> "Account":
        """An account of the rig's platform; its kind is the name's first word."""
        from scheduler_ui.models import Account

        base = fields.pop("base", net.base)
        settings = {"kind": name.partition("-")[0], "base": base}
        _, workspace = self.people()
        return Account.objects.create(
            workspace=workspace, platform="rig", remote_id=name, handle=name, settings=settings, **fields
        )

    def people(self) -> tuple[Any, Any]:
        """The user and the workspace that everything belongs to."""
        from scheduler_ui.models import Membership, User, Workspace

        if self._people is None:
            user = User.objects.create_user("rig@example.org", "a long pass phrase", timezone="UTC", is_superuser=True)
            workspace = Workspace.objects.create(name="Rig")
            Membership.objects.create(user=user, workspace=workspace, role="owner")
            self._people = (user, workspace)
        return self._people

    def post(self, accounts: "Sequence[Account]", at: datetime, *, has_picture: bool = False) -> list[int]:
        """Schedule one post the way the composer does; returns its deliveries' ids."""
        from scheduler_ui.domain import posts

        self.fresh()
        user, workspace = self.people()
        media = [(self.picture(), "a grey square")] if has_picture else []
        composed = posts.Composed(self.words(), accounts, media=media, when=posts.When.at(at, "UTC"))
        post = posts.schedule(None, workspace, user, composed, now=now())
        return self.promise(post.deliveries.values_list("pk", flat=True), at)

    def promise(self, ids: Iterable[int], at: datetime) -> list[int]:
        """Remember what was asked for: the judge takes our word for it, not the row's."""
        kept = list(ids)
        self.promises += [Promise(one, now(), at) for one in kept]
        return kept

    def posts(self, accounts: "Sequence[Account]", moments: Sequence[datetime]) -> list[int]:
        """Many at once, each to the next of the accounts, as rows like those that `schedule` leaves."""
        from scheduler_ui.domain import wall_clock
        from scheduler_ui.models import Delivery, Post

        self.fresh()
        _, workspace = self.people()
        version = wall_clock.tzdata_version()
        made = Post.objects.bulk_create(
            Post(
                workspace=workspace,
                text=self.words(),
                local_time=at.replace(tzinfo=None, microsecond=0),
                scheduled_for=at,
                tzdata_version=version,
            )
            for at in moments
        )
        armed = Delivery.objects.bulk_create(
            Delivery(
                workspace=workspace,
                post=post,
                account=accounts[number % len(accounts)],
                status="scheduled",
                scheduled_for=post.scheduled_for,
                due_at=post.scheduled_for,
            )
            for number, post in enumerate(made)
        )
        for delivery in armed:
            assert delivery.scheduled_for is not None
            self.promise([delivery.pk], delivery.scheduled_for)
        return [delivery.pk for delivery in armed]

    def words(self) -> str:
        """A text that no other post of this row has: the judge tells posts apart by it."""
        self._posted += 1
        return f"Post {self._posted} of the rig, {self.random.getrandbits(64):016x}"

    def picture(self) -> Any:
        import io

        from django.core.files.base import ContentFile
        from PIL import Image

        from scheduler_ui.models import Media

        drawn = io.BytesIO()
        Image.new("RGB", (32, 32), "grey").save(drawn, "PNG")
        data = drawn.getvalue()
        fields = {"kind": "image", "name": "grey.png", "content_type": "image/png", "bytes": len(data)}
        media = Media(workspace=self.people()[1], width=32, height=32, **fields)
        media.file.save("grey.png", ContentFile(data))
        return media

    # --- Watching -----------------------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[dict[str, Any]]:
        return checker.query(self.database, sql)

    def rows(self, ids: Iterable[int] | None = None) -> list[Row]:
        wanted = None if ids is None else set(ids)
        return [row for row in checker.read_rows(self.database) if wanted is None or row.id in wanted]

    def is_settled(self, ids: Iterable[int] | None = None) -> bool:
        """Whether every one of them is in a final or visible state; a database that is away says no."""
        try:
            return all(row.is_final for row in self.rows(ids))
        except Exception:
            return False

    def settle(self, ids: Iterable[int] | None = None, *, seconds: float) -> bool:
        """Wait until they are, and twice as long as they may take; the judge says what took too long."""
        ids = None if ids is None else set(ids)
        step = max(0.1, len(self.promises) / 10_000)  # always looking at 100,000 is half the load
        return processes.wait_for(lambda: self.is_settled(ids), 2 * seconds + self.slack, step)

    def until(self, what: Callable[[], object], seconds: float, words: str) -> bool:
        """Wait for it, and complain where it does not come."""
        is_so = processes.wait_for(what, seconds, 0.01)
        if not is_so:
            self.complaints.append(f"{words}: not within {seconds:g} s")
        return is_so

    def insist(self, is_so: object, words: str) -> None:
        if not is_so:
            self.complaints.append(words)

    def notices(self, kind: str) -> list[dict[str, Any]]:
        return self.query(f"SELECT * FROM scheduler_ui_notice WHERE kind = '{kind}' ORDER BY id")

    def recovers(self, label: str, within: float, ids: Iterable[int] | None = None) -> None:
        """The fault is gone now: these must be settled within so many of the table's seconds."""
        self.windows.append(self.window(label, within, ids, now()))

    def window(self, label: str, within: float, ids: Iterable[int] | None, gone_at: datetime) -> Window:
        return Window(label, gone_at, self.bound(within), None if ids is None else frozenset(ids))

    def judge(self) -> Figures:
        """Read logs and rows once more, as they are at the end."""
        for process in self._started:
            if process.poll() is None:
                self.proceed(process)
                process.terminate()
        for process in self._started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
        rows, notices = checker.read_rows(self.database), checker.read_notices(self.database)
        evidence = Evidence(rows, checker.read_logs(self.folder), notices, self.windows, self.promises)
        figures = checker.check(evidence, now())
        figures.complaints = self.complaints + figures.complaints
        return figures


def now() -> datetime:
    return datetime.now(UTC)


def soon(seconds: float) -> datetime:
    """The first full second that is at least so far away."""
    return (now() + timedelta(seconds=seconds + 1)).replace(microsecond=0)


class Beside:
    """A loop in a thread beside the row: killing workers, opening pages."""

    def __init__(self, work: Callable[[], None]):
        self.failure: Exception | None = None
        self._work, self._ended = work, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self.failure:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._work()
        except Exception as error:
            self.failure = error


def _is_stopped(pid: int) -> bool:
    """Whether all of its threads are."""
    states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(states) == {"T"}


def _is_free(path: Path) -> bool:
    """Whether a SQLite file can be written to; one that is not there is nobody's."""
    if not path.exists():
        return True
    connection = sqlite3.connect(path, timeout=0.05, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
