import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import zipfile

import pytest

from tests.rig import processes
from tests.upkeep.installation import Installation

pytestmark = pytest.mark.timeout(600)
MOST = 1_500_000


@pytest.fixture(scope="session")
def backup(filled, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "day.zip"
    return path, filled.manage("backup", str(path))


def test_backup_holds_every_row_and_file_and_says_so(backup, filled):
    path, said = backup
    names = zipfile.ZipFile(path).namelist()
    media = filled.run(
        "from scheduler_ui.models import Media; m = Media.objects.get(); answer = [m.file.name, m.thumbnail.name]"
    )
    assert sorted(names) == sorted(["database.sqlite3", "manifest.json", *(f"media/{name}" for name in media)])
    assert said.splitlines()[0].endswith("2 media files, 0.0 MB, verified.")
    assert said.splitlines()[1] == "The keys are not in it. Without token_keys, accounts must be connected again."


def test_backup_holds_nothing_that_signs_in(backup, filled):
    path, _ = backup
    keys = [(filled.folder / name).read_bytes() for name in ("secret_key", "token_keys", "queue_keys")]
    session = filled.run("from django.contrib.sessions.models import Session; answer = Session.objects.get().pk")
    with zipfile.ZipFile(path) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert [word for word in [*keys, session.encode(), b"sesame-open"] if word in held] == []


def test_backup_is_for_nobody_else_to_read(backup):
    assert stat.S_IMODE(backup[0].stat().st_mode) == 0o600


def test_what_a_command_makes_is_for_nobody_else_to_read(here):
    """Whoever made the folder may have left it open."""
    assert stat.S_IMODE((here.folder / "punctual.sqlite3").stat().st_mode) == 0o600


def test_backup_with_keys_holds_them_and_warns(here, tmp_path):
    said = here.manage("backup", str(tmp_path / "b.zip"), "--with-keys", "--without-media")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.read("keys/token_keys") == (here.folder / "token_keys").read_bytes()
        assert [name for name in archive.namelist() if name.startswith("media/")] == []
    assert said.splitlines()[1] == "The keys are in it: whoever has this file can publish to every account."


WRITER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
db.execute("CREATE TABLE a (n)"); db.execute("CREATE TABLE b (n)")
print("writing", flush=True)
for n in range(10**9):
    for line in ("BEGIN IMMEDIATE", f"INSERT INTO a VALUES ({n})", f"INSERT INTO b VALUES ({n})", "COMMIT"):
        db.execute(line)
"""


def test_backup_while_others_write_is_of_one_moment(here, tmp_path):
    # Two tables that a writer changes together: a backup that saw half of it would show.
    command = [sys.executable, "-c", WRITER, here.folder / "punctual.sqlite3"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert writer.stdout.readline() == b"writing\n"
        here.manage("backup", str(tmp_path / "b.zip"))
    finally:
        writer.kill()
        writer.communicate()
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        copy = sqlite3.connect(archive.extract("database.sqlite3", tmp_path))
    counts = [copy.execute(f"SELECT count(*) FROM {name}").fetchone() for name in "ab"]
    copy.close()
    assert counts[0] == counts[1]
    assert counts[0] != (0,)


def test_disk_that_is_full_leaves_nothing_and_says_so(here, tmp_path):
    # The snapshot of the database fits, the archive with the picture does not.
    for path in (here.folder / "media" / "media").iterdir():
        path.write_bytes(os.urandom(2 * MOST))
    folder = tmp_path / "full"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(folder / "b.zip")],
        cwd=processes.ROOT,
        env=processes.environment(here.folder),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST)),
    )
    words = f"CommandError: The disk is full: there is no room for {folder / 'b.zip'}, and nothing of it was left."
    assert (done.returncode, done.stderr.strip(), list(folder.iterdir())) == (1, words, [])


def test_nothing_is_not_backed_up(tmp_path):
    """As a shell without the service's settings would, night after night."""
    empty = Installation(tmp_path)
    said = empty.refuses("backup")
    assert said.startswith(f"There is nothing to back up: nobody uses the database {tmp_path}/punctual.sqlite3. Does")
    empty.manage("prepare")
    assert empty.refuses("backup") == said
    assert list(tmp_path.glob("backups/*")) == []


def test_file_that_is_there_is_not_overwritten(backup, filled):
    assert filled.refuses("backup", str(backup[0])) == f"{backup[0]} is there already."


def test_file_that_is_missing_is_named_and_the_rest_is_kept(here, tmp_path):
    for path in (here.folder / "media" / "media").iterdir():
        path.unlink()
    here.manage("backup", str(tmp_path / "b.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        missing = json.loads(archive.read("manifest.json"))["missing"]
    assert [name.split("/")[0] for name in missing] == ["media"]
