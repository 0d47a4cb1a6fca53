"""An installation on a folder of its own, worked on by real commands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.rig import processes

# A person, three accounts (one for each kind of network, one with a sealed sign-in), posts of all sorts, a picture.
FILL = """
from datetime import datetime, timedelta, UTC
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.base import ContentFile
from scheduler_ui.domain import vault
from scheduler_ui.models import *
from tests.factories import *
now = datetime.now(UTC)
person = a_user(email="ana@example.org")
workspace = a_workspace(person)
accounts = {kind: an_account(workspace, handle=kind, settings={"kind": kind}) for kind in ("key", "lookup", "blind")}
key = accounts["key"]
key.secrets = vault.seal(key.public_id, {"token": "sesame-open"})
key.save()
for minutes in (-30, 60):
    a_post(workspace, *accounts.values(), scheduled_for=now + timedelta(minutes=minutes), text=f"Größe {minutes}")
a_post(workspace, key, status="published", text="Out", scheduled_for=now - timedelta(days=1))
Post.objects.update(updated_at=now - timedelta(days=3))
media = Media(workspace=workspace, kind="image", name="a.png", content_type="image/png", bytes=3, seconds=1.5)
media.file.save(".png", ContentFile(b"abc"), save=False)
media.thumbnail.save("t.webp", ContentFile(b"thumb"), save=False)
media.save()
session = SessionStore(); session["x"] = 1; session.create()
Worker.objects.create(host="h", pid=1, threads=1, started_at=now - timedelta(days=1), beat_at=now - timedelta(days=1))
"""


class Installation:
    """`extra` is what its processes find in their environment."""

    def __init__(self, folder: Path, **extra: str):
        self.folder, self.extra = folder, extra

    @classmethod
    def made(cls, folder: Path, **extra: str) -> "Installation":
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder, **extra)
        made.manage("prepare")
        made.run(FILL)
        return made

    def copied(self, folder: Path) -> "Installation":
        shutil.copytree(self.folder, folder)
        return Installation(folder, **self.extra)

    def manage(self, *arguments: str, **extra: str) -> str:
        return processes.manage(self.folder, *arguments, **{**self.extra, **extra})

    def refuses(self, *arguments: str, **extra: str) -> str:
        """The words with which a command ends that must not succeed."""
        command = [sys.executable, "manage.py", *arguments]
        env = processes.environment(self.folder, **{**self.extra, **extra})
        done = subprocess.run(command, cwd=processes.ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stdout
        return done.stderr.removeprefix("CommandError: ").strip()

    def run(self, code: str) -> Any:
        """Run Python in it; what it calls `answer` comes back, through JSON."""
        lines = ["import django, json; django.setup()", code, "print(json.dumps(globals().get('answer'), default=str))"]
        env = processes.environment(self.folder, **self.extra)
        command = [sys.executable, "-c", "\n".join(lines)]
        done = subprocess.run(command, cwd=processes.ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def rows(self) -> dict[str, Any]:
        """What each table holds: table → (rows, digest); sign-ins and workers belong to no copy."""
        return self.run("""
from scheduler_ui.upkeep import databases, tables
left_out = databases.SIGN_INS | {"scheduler_ui_installation", "scheduler_ui_notice"}
models = [each for each in databases.models(databases.nodes()) if each._meta.db_table not in left_out]
answer = {each._meta.db_table: vars(tables.fingerprint(each, "default")) for each in models}
""")
