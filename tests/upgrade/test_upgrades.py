"""Older data and this program; and this program's data met by a later one, which is made up here."""

import re
import shutil
import subprocess

import pytest

from tests.boot import running
from tests.rig import processes
from tests.upgrade.dump import HERE, dump, load
from tests.upkeep.installation import Installation

pytestmark = pytest.mark.timeout(600)
LATER = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("scheduler_ui", "{before}")]
    operations = [migrations.AddField("post", "mood", models.CharField(max_length=20, default="calm")), {more}]
"""
BROKEN = "migrations.RunSQL('INSERT INTO no_such_table VALUES (1)')"
MOODS = (
    "from django.db import connection; cursor = connection.cursor()\n"
    "cursor.execute('SELECT DISTINCT mood FROM scheduler_ui_post'); answer = cursor.fetchall()"
)


def versions() -> list[str]:
    said = subprocess.run(
        ["git", "tag", "--list", "v*"], cwd=processes.ROOT, capture_output=True, text=True, check=False
    )
    return sorted(said.stdout.split(), key=lambda tag: [int(part) for part in re.findall(r"\d+", tag)])


@pytest.fixture(scope="session")
def fixtures(tmp_path_factory):
    """The kept data of every version; before the first one, this program's own."""
    kept = sorted(HERE.glob("v*.sql"))
    if not kept:
        kept = [tmp_path_factory.mktemp("own") / "own.sql"]
        dump(kept[0])
    return kept


@pytest.fixture(scope="session")
def old(fixtures, tmp_path_factory):
    """Data of the last version, still as it was."""
    return load(fixtures[-1], tmp_path_factory.mktemp("old") / "data")


@pytest.fixture
def later(filled, tmp_path):
    """This program's data, and a program that is one migration ahead of it."""

    def make(more: str = "", name: str = "here") -> Installation:
        folder = tmp_path / "later"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(processes.ROOT / "scheduler_ui" / "migrations", folder / "later_migrations")
        names = sorted(path.stem for path in (folder / "later_migrations").glob("0*.py"))
        text = LATER.format(before=names[-1], more=more)
        (folder / "later_migrations" / "0999_mood.py").write_text(text)
        lines = ["from project.settings import *", 'MIGRATION_MODULES = {"scheduler_ui": "later_migrations"}']
        (folder / "later_settings.py").write_text("\n".join(lines))
        ahead = filled.copied(tmp_path / name) if not (tmp_path / name).exists() else Installation(tmp_path / name)
        ahead.extra = {"DJANGO_SETTINGS_MODULE": "later_settings", "PYTHONPATH": str(folder)}
        return ahead

    return make


def backups(here: Installation) -> list[str]:
    return sorted(path.name for path in (here.folder / "backups").glob("*"))


def test_every_version_left_its_data_here():
    assert [tag for tag in versions() if not (HERE / f"{tag}.sql").exists()] == []


def test_data_of_the_last_version_starts_keeps_its_posts_and_publishes(old, tmp_path):
    here = old.copied(tmp_path / "old")
    before = here.run(
        "from scheduler_ui.models import Post; answer = sorted(Post.objects.values_list('text', flat=True))"
    )
    it = running.start(here.folder, processes.free_port())
    try:
        it.hear("Punctual is at", 120)
        it.end()
    finally:
        it.clear_away()
    after = here.run(
        "from scheduler_ui.models import Post; answer = sorted(Post.objects.values_list('text', flat=True))"
    )
    assert after == before
    opened = here.run(
        "from scheduler_ui.domain import vault; from scheduler_ui.models import Account\n"
        "account = Account.objects.get(handle='key'); answer = vault.open(account.public_id, account.secrets)"
    )
    assert opened == {"token": "sesame-open"}


def test_upgrade_backs_up_first_and_migrates(later):
    here = later()
    before = here.rows()
    here.manage("prepare")
    assert here.run(MOODS) == [["calm"]]
    (name,) = backups(here)
    assert re.fullmatch(r"before-upgrade-\d{8}-\d{6}\.zip", name)
    # Back again with the program from before: the backup fits it.
    here.extra = {}
    here.manage("restore", str(here.folder / "backups" / name), "--replace")
    after = here.rows()
    assert {table for table in before if before[table] != after[table]} == {
        "scheduler_ui_delivery",
        "scheduler_ui_workspace",
    }


def test_start_with_nothing_to_upgrade_makes_no_backup(filled, tmp_path):
    here = filled.copied(tmp_path / "here")
    here.manage("prepare")
    assert backups(here) == []


def test_only_the_last_few_backups_are_kept(later):
    here = later()
    (here.folder / "backups").mkdir()
    for day in range(10, 15):
        (here.folder / "backups" / f"before-upgrade-202601{day}-000000.zip").touch()
    (here.folder / "backups" / "mine.zip").touch()
    here.manage("prepare")
    kept = backups(here)
    assert kept[:2] == ["before-upgrade-20260113-000000.zip", "before-upgrade-20260114-000000.zip"]
    assert (len(kept), kept[-1]) == (4, "mine.zip")


def test_failed_upgrade_keeps_the_data_and_says_the_way_back(later):
    here = later(BROKEN)
    words = here.refuses("prepare").splitlines()[-1]
    (name,) = backups(here)
    path = here.folder / "backups" / name
    assert words.startswith(
        "CommandError: The upgrade failed (no such table: no_such_table) and Punctual has not started."
    )
    assert words.endswith(f"manage.py restore {path} --replace")
    here.extra = {}
    assert here.manage("prepare") == ""
    later()
    here = later()
    here.manage("prepare")
    assert here.run(MOODS) == [["calm"]]


def test_newer_database_is_refused_in_words(later):
    here = later()
    here.manage("prepare")
    here.extra = {}
    words = here.refuses("prepare")
    assert words.startswith("A newer Punctual has used this database (0999_mood); this one is ")
    code, out, err = running.run_once(here.folder, processes.free_port())
    assert (code, out) == (1, "")
    assert err.startswith("CommandError: A newer Punctual has used this database")


def test_without_room_for_the_backup_nothing_is_upgraded(later):
    here = later()
    (here.folder / "backups").write_text("a file where the folder should be")
    assert here.refuses("prepare").startswith("Not upgraded, for it could not be backed up. ")
    waits = "from scheduler_ui.upkeep import databases; answer = databases.pending()"
    assert here.run(waits) == [["scheduler_ui", "0999_mood"]]


def test_two_machines_that_start_at_once_upgrade_once(later, grown, tmp_path):
    here = later()
    ahead, here.extra = here.extra, {}
    here.manage("copy_to", grown.extra["DATABASE_URL"])
    both = [Installation(tmp_path / name, **grown.extra, **ahead) for name in ("one", "two")]
    for each in both:
        each.folder.mkdir()
    starting = [processes.start(each.folder, "manage.py", "prepare", **each.extra) for each in both]
    assert [process.wait(300) for process in starting] == [0, 0]
    assert both[0].run(MOODS) == [["calm"]]
    assert len(backups(both[0]) + backups(both[1])) == 1
