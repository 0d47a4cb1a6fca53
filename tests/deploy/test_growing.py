"""docs/growing.md, read aloud to a shell: every command is run, in its order, on a clone and servers of its own."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import httpx
import pytest

from tests.boot.running import Running
from tests.rig import processes
from tests.rig.servers import S3, Postgres
from tests.upkeep.installation import FILL

PAGE = processes.ROOT / "docs" / "growing.md"
BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = {"", "start", "stopped", "looked", "mode", "settings", "postgres", "redis", "s3", "worker", "web"}
KINDS |= {"systemd", "docker"}
DUE = """
from datetime import UTC, datetime, timedelta
from scheduler_ui.models import Account, Status
from tests.factories import a_post
account = Account.objects.get(handle="key")
post = a_post(account.workspace, account, scheduled_for=datetime.now(UTC) - timedelta(seconds=1), text="{text}")
"""
OUT = "from scheduler_ui.models import Delivery; print(Delivery.objects.get(post__text='{text}').status)"


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(PAGE.read_text())


class Reader:
    """Runs the page's blocks one after the other; what a block exports, the next one has."""

    def __init__(self, folder, database, store):
        self.folder, self.clone = folder, folder / "clone"
        self.database, self.store = database, store
        self.port, self.redis_port = processes.free_port(), processes.free_port()
        self.background: list[Running] = []
        self.done: list[str] = []
        kept = {name: os.environ[name] for name in ("LANG",) if name in os.environ}
        tools = f"{database.bin}:{os.environ['PATH']}"
        there = {"HOME": str(folder), "PATH": tools, "PORT": str(self.port), "PREFIX": str(folder / "prefix")}
        self.env = {**kept, **there, "REDIS_PASSWORD": "PASSWORD", "LOOKUP_DELAYS": "0,0,1"}
        self._clone()

    def read(self, kind: str, text: str) -> None:
        text = self._placed(text)
        named = {"settings": self._settings, "start": self._start, "worker": self._process, "web": self._process}
        named |= {"redis": self._redis, "postgres": self._postgres, "systemd": self._named, "docker": self._named}
        named |= {"looked": self._looked, "mode": self._mode}
        if kind in {"stopped", "mode", "worker"} and not any("deploy/run" in line for line in self.done[-1:]):
            self.stop()
        named.get(kind, self._run)(text)
        self.done.append(text)

    def python(self, code: str) -> str:
        return self._shell('.venv/bin/python -c "$CODE"', CODE=f"import django; django.setup()\n{code}")

    def stop(self) -> None:
        for process in self.background:
            process.end(signal.SIGTERM)
        self.background.clear()

    def clear_away(self) -> None:
        for process in self.background:
            process.clear_away()

    def _clone(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=processes.ROOT, capture_output=True
        )
        for name in filter(None, listed.stdout.decode().splitlines()):
            if (source := processes.ROOT / name).is_file() and not source.is_symlink():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, self.clone / name)
        for name in ("requirements.txt", "requirements-dev.txt", "tools/uv.txt"):
            os.utime(self.clone / name, (0, 0))  # the packages are there
        git = "git -c user.name=x -c user.email=x@example.org"
        self._shell(
            f"git init -q -b main && git add -A && {git} commit -q -m x && git clone -q --bare . ../origin.git && "
            "git remote add origin ../origin.git && git fetch -q && git branch -q -u origin/main"
        )
        (self.clone / ".venv").symlink_to(processes.ROOT / ".venv")
        with (self.clone / ".git" / "info" / "exclude").open("a") as ignored:
            ignored.write(".venv\n")

    def _placed(self, text: str) -> str:
        places = {
            "/var/backups": str(self.folder),
            "db.example.org:5432": f"127.0.0.1:{self.database.port}",
            "queue.example.org:6379": f"127.0.0.1:{self.redis_port}",
            "https://s3.example.org": self.store.url(),
            "S3_SECRET_KEY=SECRET": f"S3_SECRET_KEY={self.store.password}",
            "S3_ACCESS_KEY=KEY": "S3_ACCESS_KEY=rig",
            "eu-central-1": "us-east-1",
        }
        for name, place in places.items():
            text = text.replace(name, place)
        return text

    def _run(self, text: str) -> None:
        self._shell(text)

    def _shell(self, text: str, **more: str) -> str:
        self.folder.mkdir(exist_ok=True)
        script = f"set -e\n{text}\nexport -p >'{self.folder}/exported'"
        env = {**self.env, "DJANGO_SETTINGS_MODULE": "project.settings", **more}
        self.clone.mkdir(exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self.clone,
            env=env,
            input="PASSWORD\nPASSWORD\n",
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        found = re.findall(r"^export (\w+)='(.*)'$", (self.folder / "exported").read_text(), re.MULTILINE)
        self.env |= {name: value for name, value in found if name.startswith(("COPY_TO", "S3_"))}
        return done.stdout

    def _looked(self, text: str) -> None:
        """As the page says it: once nothing is left to be looked for."""
        state = ".venv/bin/python manage.py restore --state"
        assert processes.wait_for(lambda: "still to be looked for: 0" in self._shell(state), 90, 1)
        self._shell(text)

    def _mode(self, text: str) -> None:
        assert "Restore mode is on: " in self._shell(text)
        self._shell(".venv/bin/python manage.py restore --done --unseen")

    def _settings(self, text: str) -> None:
        keys = {
            name: (self.clone / "data" / name.lower()).read_text()
            for name in ("SECRET_KEY", "TOKEN_KEYS", "QUEUE_KEYS")
        }
        for name, key in keys.items():
            text = text.replace(f"{name}=…", f"{name}={key}")
        with (self.clone / ".env").open("a") as file:
            file.write(text)

    def _start(self, text: str) -> None:
        it = Running(["/bin/sh", "-c", f"exec {text.strip()}"], self.env, self.clone)
        self.background.append(it)
        it.hear("Punctual is at", 180)
        if not any("make run" in line for line in self.done):
            self.python(FILL)

    def _process(self, text: str) -> None:
        it = Running(["/bin/sh", "-c", f"exec {text.strip()}"], self.env, self.clone)
        self.background.append(it)
        if text.strip().endswith("web"):
            assert processes.wait_for(self._answers, 60, 0.2)

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False).text == "ok\n"
        return False

    def _redis(self, text: str) -> None:
        more = f" --port {self.redis_port} --dir '{self.folder}'"
        self.queue = Running(["/bin/sh", "-c", f"exec {text.strip()}{more}"], self.env, self.clone)
        self.queue.hear("Ready to accept connections", 20)

    def _postgres(self, text: str) -> None:
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.database.port), "PGUSER": "postgres"}
        self._shell(text, **server, PGPASSWORD=self.database.password)

    def _named(self, text: str) -> None:
        """What needs an engine or systemd is run elsewhere; here, that it names what is there."""
        for name in re.findall(r"deploy/[\w.]+", text):
            assert (self.clone / name).exists()
        for name in re.findall(r"punctual-\w+@", text):
            assert (self.clone / "deploy" / "systemd" / f"{name}.service").exists()


@pytest.fixture
def reader(tmp_path):
    with Postgres() as database, S3() as store:
        it = Reader(tmp_path / "growing", database, store)
        try:
            yield it
        finally:
            it.clear_away()
            if hasattr(it, "queue"):
                it.queue.clear_away()


def test_page_has_only_kinds_that_are_run():
    assert {kind for kind, _ in blocks()} - KINDS == set()
    assert len(re.findall(r"^```", PAGE.read_text(), re.MULTILINE)) == 2 * len(blocks())


def test_links_of_the_page_lead_somewhere():
    links = re.findall(r"\]\(([^)#h][^)]*)\)", PAGE.read_text())
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^## (.*)$", PAGE.read_text(), re.M)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE.read_text())) == heads


def test_line_of_cron_runs_what_the_page_says():
    (line,) = [line for line in (processes.ROOT / "deploy" / "crontab").read_text().splitlines() if line[:1] == "*"]
    assert ".venv/bin/python manage.py publish_due" in line
    assert ".venv/bin/python manage.py publish_due\n" in [text for _kind, text in blocks()]


@pytest.mark.timeout(900)
def test_every_command_of_the_page_works(reader):
    for kind, text in blocks():
        if "publish_due" in text:
            # By now web and worker run on PostgreSQL and Redis: a second worker, and a post goes out once.
            reader.read("worker", "deploy/run worker\n")
            reader.python(DUE.format(text="By workers"))
            assert processes.wait_for(
                lambda: reader.python(OUT.format(text="By workers")).strip() == "published", 60, 0.5
            )
            reader.stop()
            reader.python(DUE.format(text="By cron"))
        reader.read(kind, text)
    assert reader.python(OUT.format(text="By cron")).strip() == "published"
    sent = (
        "from scheduler_ui.models import RehearsalArrival as A; print(A.objects.filter(text__startswith='By ').count())"
    )
    assert reader.python(sent).strip() == "2"
    assert reader.python("from django.db import connection; print(connection.vendor)").strip() == "postgresql"
