import itertools
import signal
import subprocess
import sys

import pytest

from tests.rig import processes
from tests.rig.servers import S3

# Many processes, on a machine that may have others.
pytestmark = pytest.mark.timeout(600)
MANY = """
from scheduler_ui.models import Account, Delivery, Post
account = Account.objects.first()
posts = Post.objects.bulk_create(Post(workspace=account.workspace, text=f"Draft {n}") for n in range(12_000))
Delivery.objects.bulk_create(Delivery(workspace=account.workspace, post=post, account=account) for post in posts)
"""
NEXT = """
from scheduler_ui.models import Post, Workspace
answer = Post.objects.create(workspace=Workspace.objects.get(), text="After").pk
"""
LAST = (
    "from scheduler_ui.models import Post; answer = Post.objects.order_by('-pk').values_list('pk', flat=True).first()"
)


def test_copy_on_postgresql_is_the_same_and_can_be_written_to(here, grown):
    before = here.rows()
    said = here.manage("copy_to", grown.extra["DATABASE_URL"])
    assert "scheduler_ui_post: 3 of 3\n" in said
    assert "Copied and compared on both sides: " in said
    assert "Media stay in the folder media." in said
    assert grown.rows() == before
    assert grown.run(NEXT) == here.run(LAST) + 1


def test_old_database_is_left_in_restore_mode_and_the_new_one_is_not(here, grown):
    here.manage("copy_to", grown.extra["DATABASE_URL"])
    assert here.manage("restore", "--state").startswith("Restore mode is on, from a backup of ")
    assert grown.manage("restore", "--state") == "Restore mode is off.\n"


def test_copy_that_is_killed_goes_on_where_it_was(here, grown):
    here.run(MANY)
    before, url = here.rows(), grown.extra["DATABASE_URL"]
    command = [sys.executable, "manage.py", "copy_to"]
    process = subprocess.Popen(
        command,
        cwd=processes.ROOT,
        env=processes.environment(here.folder, COPY_TO=url),
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("scheduler_ui_post: 10000 of "):
            process.send_signal(signal.SIGKILL)
            break
    process.communicate()
    count = "from scheduler_ui.models import Post; answer = Post.objects.count()"
    assert 10_000 <= grown.run(count) < 12_003
    assert "holds half of a copy" in grown.refuses("prepare")
    here.manage("copy_to", url)
    assert grown.rows() == before
    assert here.refuses("copy_to", url) == "The target is not empty. Nothing was changed there."


def test_rows_that_changed_between_two_goes_are_noticed(here, grown):
    here.run(MANY)
    url = grown.extra["DATABASE_URL"]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "copy_to", url],
        cwd=processes.ROOT,
        env=processes.environment(here.folder),
        stdout=subprocess.PIPE,
        text=True,
    )
    next(line for line in process.stdout if line.startswith("scheduler_ui_post: 10000 of "))
    process.kill()
    process.communicate()
    here.run("from scheduler_ui.models import Post; Post.objects.filter(pk=9).update(text='Another')")
    said = here.refuses("copy_to", url)
    assert said.startswith("scheduler_ui_post: rows 1 to 500 are not the same in the target. Was Punctual at work here")


def test_verified_copy_that_was_cut_off_is_verified_again_once_the_old_one_was_used(here, grown, postgres):
    """Killed between the last look and the moment at which the old database is made safe."""
    url = grown.extra["DATABASE_URL"]
    here.manage("copy_to", url)
    with postgres.connect(url.rsplit("/", 1)[1]) as connection:
        connection.execute("CREATE TABLE punctual_copy AS SELECT 2 AS stage")
    here.manage("restore", "--done", "--unseen")
    here.run("from scheduler_ui.models import Post; Post.objects.filter(pk=1).update(text='Another')")
    assert "are not the same in the target." in here.refuses("copy_to", url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgres://u:hidden@127.0.0.1:1/x", "The target cannot be reached: "),
        ("zork://u:hidden@h/x", "The address must be like postgres://USER:PASSWORD@HOST:5432/NAME."),
        ("", "Say where to: manage.py copy_to postgres://USER:PASSWORD@HOST:5432/NAME"),
    ],
)
def test_target_that_is_none_is_refused_without_its_password(here, url, words):
    said = here.refuses("copy_to", *filter(None, [url]))
    assert said.startswith(words)
    assert "hidden" not in said


def test_target_that_somebody_uses_is_refused(here, grown, postgres):
    url = grown.extra["DATABASE_URL"]
    with postgres.connect(url.rsplit("/", 1)[1]) as connection:
        connection.execute("CREATE TABLE theirs (n int)")
    assert here.refuses("copy_to", url) == "The target holds tables of something else: theirs."


def test_copy_is_refused_while_a_worker_runs(here, grown):
    here.run(
        "from datetime import UTC, datetime; from scheduler_ui.models import Worker\n"
        "Worker.objects.update(beat_at=datetime.now(UTC))"
    )
    assert here.refuses("copy_to", grown.extra["DATABASE_URL"]).startswith("The worker h-1 is running. ")


def test_database_in_use_is_no_target(here):
    assert here.refuses("copy_to", f"sqlite:///{here.folder}/punctual.sqlite3") == "That is the database in use."


def test_database_in_use_is_no_target_on_a_server_either(grown):
    grown.manage("prepare")
    assert grown.refuses("copy_to", grown.extra["DATABASE_URL"]) == "That is the database in use."


def test_media_go_to_the_store_and_are_compared(here, grown):
    with S3() as store:
        said = here.manage("copy_to", grown.extra["DATABASE_URL"], **store.environment())
        assert "Media in the store, compared byte by byte: 2 files, 0.0 MB." in said
        listed = store.client().list_objects_v2(Bucket=store.bucket)["Contents"]
        names = sorted(str(path.relative_to(here.folder / "media")) for path in here.folder.rglob("media/*/*"))
        assert sorted(item["Key"] for item in listed) == names
        # Again is nothing new; what is not the same is sent again.
        store.client().put_object(Bucket=store.bucket, Key=names[0], Body=b"xyz")
        here.manage("copy_to", "--media", **store.environment())
        body = store.client().get_object(Bucket=store.bucket, Key=names[0])["Body"].read()
        assert body == (here.folder / "media" / names[0]).read_bytes()


def test_postgresql_is_backed_up_and_restored_as_any_other(here, grown, tmp_path):
    here.manage("copy_to", grown.extra["DATABASE_URL"])
    before = grown.rows()
    grown.manage("backup", str(tmp_path / "b.zip"), "--without-media")
    grown.run("from scheduler_ui.models import Post; Post.objects.update(text='Since then')")
    assert grown.refuses("restore", str(tmp_path / "b.zip")).startswith("There is data here already.")
    said = grown.manage("restore", str(tmp_path / "b.zip"), "--replace")
    assert "What was here before is in the schema before_restore_" in said
    version = here.run("from scheduler_ui.models import Workspace; answer = Workspace.objects.get().version")
    grown.run(
        "from scheduler_ui.models import Delivery, Workspace\n"
        f"Delivery.objects.update(hold_reason=''); Workspace.objects.update(version={before and version})"
    )
    after = grown.rows()
    differing = [name for name in before if before[name] != after[name]]
    assert differing in ([], ["scheduler_ui_workspace"])
    old = grown.run(
        "from django.db import connection; cursor = connection.cursor()\n"
        "cursor.execute(\"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'before%%'\")\n"
        "schema = cursor.fetchone()[0]\n"
        "cursor.execute(f'SELECT DISTINCT text FROM {schema}.scheduler_ui_post'); answer = cursor.fetchall()"
    )
    assert list(itertools.chain(*old)) == ["Since then"]
    # Sign-in limits are counted in it while Redis is away; a start by other means than `make run` does not make it.
    there = "from django.db import connection; answer = 'cache' in connection.introspection.table_names()"
    assert grown.run(there) is True
    assert grown.run(NEXT) == here.run(LAST) + 1
