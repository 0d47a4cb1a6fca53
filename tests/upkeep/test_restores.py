import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.rig import processes
from tests.upkeep.installation import Installation

pytestmark = pytest.mark.timeout(600)
STATES = """
from scheduler_ui.models import Delivery
rows = Delivery.objects.order_by("pk").values_list("account__handle", "status", "hold_reason")
answer = [" ".join(filter(None, row)) for row in rows]
"""
# The three kinds twice, once due and once for later, and one that was out already.
HELD = [*(f"{kind} scheduled restored" for kind in ("key", "lookup", "blind"))] * 2 + ["key published"]


@pytest.fixture(scope="session")
def backup(filled, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "day.zip"
    filled.manage("backup", str(path), "--with-keys")
    return path


@pytest.fixture
def empty(tmp_path):
    (tmp_path / "empty").mkdir()
    return Installation(tmp_path / "empty")


def test_backup_on_a_new_machine_is_the_same_and_in_restore_mode(filled, backup, empty):
    said = empty.manage("restore", str(backup)).splitlines()
    assert said[0].startswith("Restored ")
    assert said[1] == "Restore mode is on: 6 deliveries are held until a worker has looked for each."
    states = empty.run(STATES)
    assert sorted(states) == sorted(HELD)
    # Nothing else has changed, not a time, not a letter; but the pages were told to look again.
    version = filled.run("from scheduler_ui.models import Workspace; answer = Workspace.objects.get().version")
    empty.run(
        "from scheduler_ui.models import Delivery, Workspace\n"
        f"Delivery.objects.update(hold_reason=''); Workspace.objects.update(version={version})"
    )
    assert empty.rows() == filled.rows()
    assert sorted(path.name for path in (empty.folder / "media").rglob("*") if path.is_file()) == sorted(
        path.name for path in (filled.folder / "media").rglob("*") if path.is_file()
    )


def test_sign_ins_open_again_with_the_keys_of_the_backup(backup, empty):
    empty.manage("restore", str(backup))
    opened = "from scheduler_ui.domain import vault; from scheduler_ui.models import Account\n"
    opened += "account = Account.objects.get(handle='key'); answer = vault.open(account.public_id, account.secrets)"
    assert empty.run(opened) == {"token": "sesame-open"}


def test_without_the_keys_it_says_who_must_be_connected_again(filled, empty, tmp_path):
    filled.manage("backup", str(tmp_path / "b.zip"))
    said = empty.manage("restore", str(tmp_path / "b.zip"))
    assert "Under keys that are not here, to be connected again: 1 accounts." in said


def test_data_that_is_there_is_kept_beside_and_only_when_told(here, backup):
    here.run("from scheduler_ui.models import Post; Post.objects.create(workspace_id=1, text='Since then')")
    words = "There is data here already. With --replace it is put beside, and the backup in its place."
    assert here.refuses("restore", str(backup)) == words
    said = here.manage("restore", str(backup), "--replace")
    beside = said.split("What was here before is in ")[1].splitlines()[0].rstrip(".")
    texts = "from scheduler_ui.models import Post; answer = Post.objects.filter(text='Since then').count()"
    old = Installation(here.folder, DATABASE_URL=f"sqlite:///{beside}/punctual.sqlite3")
    assert (here.run(texts), old.run(texts)) == (0, 1)


def test_damaged_file_changes_nothing(here, backup, tmp_path):
    before = here.rows()
    broken = tmp_path / "broken.zip"
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    short = tmp_path / "short.zip"
    short.write_bytes(backup.read_bytes()[:-1000])
    for path in (broken, short):
        assert here.refuses("restore", str(path), "--replace") == f"{path} is no backup of Punctual, or a damaged one."
    assert here.refuses("restore", str(tmp_path / "none.zip")) == f"There is no file {tmp_path / 'none.zip'}."
    assert here.rows() == before


def test_backup_of_a_newer_program_is_refused(empty, filled, tmp_path):
    newer = filled.copied(tmp_path / "newer")
    newer.run(
        "from django.db import connection; from django.db.migrations.recorder import MigrationRecorder\n"
        "MigrationRecorder(connection).record_applied('scheduler_ui', '0999_tomorrow')"
    )
    newer.manage("backup", str(tmp_path / "b.zip"))
    words = empty.refuses("restore", str(tmp_path / "b.zip"))
    assert words.endswith("made this backup: upgrade this one first (0999_tomorrow).")
    assert not (empty.folder / "punctual.sqlite3").exists()


def test_broken_database_can_be_replaced(here, backup):
    (here.folder / "punctual.sqlite3").write_bytes(b"no database at all" * 1000)
    here.manage("restore", str(backup), "--replace")
    assert sorted(here.run(STATES)) == sorted(HELD)


def test_restore_is_refused_while_a_worker_runs(here, backup):
    here.run(
        "from datetime import UTC, datetime; from scheduler_ui.models import Worker\n"
        "Worker.objects.update(beat_at=datetime.now(UTC))"
    )
    assert here.refuses("restore", str(backup), "--replace").startswith("The worker h-1 is running. Stop every worker")


@pytest.mark.parametrize("command", ["restore", "copy_to"])
def test_nothing_is_moved_under_a_process_that_would_go_on_in_the_old_file(here, backup, command):
    """A web process that another manager than `make run` keeps: no worker beats, no lock is held."""
    arguments = [str(backup), "--replace"] if command == "restore" else [f"sqlite:///{here.folder}/other.sqlite3"]
    with closing(sqlite3.connect(here.folder / "punctual.sqlite3")) as web:
        web.execute("SELECT count(*) FROM scheduler_ui_post").fetchone()
        said = here.refuses(command, *arguments)
    assert said == (
        f"Another process has {here.folder}/punctual.sqlite3 open. Stop every web process and every worker first."
    )
    assert list(here.folder.glob("before-restore-*")) == []
    here.manage(command, *arguments)


def test_killed_anywhere_it_leaves_the_old_data_or_the_new_in_restore_mode(here, backup, tmp_path):
    """Every rename and link is a place to die: count them by dying at the first, the second …"""
    kill = tmp_path / "kill"
    kill.mkdir()
    (kill / "sitecustomize.py").write_text(
        "import os, pathlib, signal\n"
        "left = [int(os.environ['DIE_AT'])]\n"
        "def dying(name):\n"
        "    real = getattr(pathlib.Path, name)\n"
        "    def call(self, *args, **more):\n"
        "        if 'here' in str(self) and (left.__setitem__(0, left[0] - 1) or left[0] == 0):\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return real(self, *args, **more)\n"
        "    setattr(pathlib.Path, name, call)\n"
        "for name in ('replace', 'hardlink_to'): dying(name)\n"
    )
    old = here.rows()
    for number in range(1, 20):
        there = here.copied(tmp_path / f"here-{number}")
        arguments = ("manage.py", "restore", str(backup), "--replace")
        process = processes.start(there.folder, *arguments, PYTHONPATH=str(kill), DIE_AT=str(number))
        if process.wait(300) == 0:
            break
        mode = there.run(
            "from scheduler_ui.models import Installation\n"
            "answer = Installation.objects.filter(restored_from__isnull=False).count()"
        )
        assert mode == 1 or there.rows() == old
        shutil.rmtree(there.folder)
    assert number > 2


def test_somebody_elses_restore_enters_the_mode_by_hand_and_ends_it(here):
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).replace(microsecond=0)
    assert here.manage("restore", "--mode", an_hour_ago.isoformat()).startswith("Restore mode is on: 6 deliveries")
    assert sorted(here.run(STATES)) == sorted(HELD)
    state = here.manage("restore", "--state").splitlines()
    assert state[1:] == [
        "still to be looked for: 4",
        "later, where no network can be asked: 2 (they go out once it is ended)",
    ]
    assert here.refuses("restore", "--done").startswith("A worker has still to look for 4 posts.")
    assert here.manage("restore", "--done", "--unseen") == "Restore mode is off. Let go by your word: 6.\n"
    assert here.manage("restore", "--state") == "Restore mode is off.\n"


@pytest.mark.parametrize(
    "command", ["publish_due", "restore --state", "restore --done", "restore --mode 2025-12-31", "why x"]
)
def test_command_on_an_empty_database_says_so_in_one_line(empty, command):
    name = empty.folder / "punctual.sqlite3"
    assert empty.refuses(*command.split()) == (
        f"There is no Punctual in the database {name} yet: `make run` sets it up. "
        "Or has this shell not got its settings (.env, ENV_FILE, DATA_DIR)?"
    )


def test_moment_to_come_is_refused(here):
    assert here.refuses("restore", "--mode", "2999-01-01") == "That moment has not come yet."
    assert here.refuses("restore", "--mode", "yesterday") == "The time must be like 2026-11-23T09:00:00+00:00."


ARRIVALS = """
from scheduler_ui.models import RehearsalArrival
rows = RehearsalArrival.objects.order_by("pk")
answer = list(rows.values_list("account__handle", "key", "text", "at", "remote_id"))
"""
REMEMBER = """
import json
from scheduler_ui.models import Account, RehearsalArrival
accepted = {"behaviour": "accept", "is_accepted": True}
for handle, key, text, at, remote_id in json.loads(sent):
    account = Account.objects.get(handle=handle)
    RehearsalArrival.objects.create(account=account, key=key, text=text, at=at, remote_id=remote_id, **accepted)
"""


def test_nothing_that_went_out_after_the_backup_goes_out_again(filled, backup, tmp_path):
    """Fault 24 by hand: a backup, then the posts go out, then the backup is put back."""
    here = filled.copied(tmp_path / "lived")
    here.manage("publish_due")
    sent = here.run(ARRIVALS)
    assert sorted(row[0] for row in sent) == ["blind", "key", "lookup"]
    here.manage("restore", str(backup), "--replace")
    # The rehearsal network lives in the same database: it must remember what the real ones would.
    here.run(f"sent = {json.dumps(sent)!r}{REMEMBER}")
    here.manage("publish_due", LOOKUP_DELAYS="0,0,0")
    assert here.run(ARRIVALS) == sent
    now = ["key published", "lookup published", "blind unconfirmed"]
    later = ["key scheduled", "lookup scheduled", "blind scheduled restored"]
    assert sorted(here.run(STATES)) == sorted([*now, *later, "key published"])
