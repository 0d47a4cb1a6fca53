"""One part of one row on one shape, in a process of its own: `python -m tests.faults.job ROW PART SHAPE SEED TIER`.

DATA_DIR is its own folder, FAULTS_POSTGRES the server to make its own database on; the last line that it prints is its
figures as JSON.
"""

import contextlib
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from project.start import start
from tests.faults import plan
from tests.faults.checker import Figures
from tests.faults.stage import CannotRun, Play, Stage
from tests.rig import processes, servers

TEMPLATE = "faults_template"
DISK = "disk"


def main(number: str, part: str, shape: str, seed: str, tier: str) -> None:
    row = plan.load()[int(number)]
    folder = Path(os.environ["DATA_DIR"])
    with contextlib.ExitStack() as ending:
        try:
            if row.disk_mb:
                _put_on_small_disk(row.disk_mb, folder, ending)
            owned = _grow(row, ending) if shape == "grown" else {}
            start()
            play = Play(shape, part, int(seed), tier == "real")
            figures = _run(row, ending.enter_context(Stage(play, folder, **owned)))
        except CannotRun as error:
            figures = Figures(complaints=[f"cannot run here: {error}"])
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = round(sum(one.ru_utime + one.ru_stime for one in used), 1)
    sys.stdout.write(json.dumps(dataclasses.asdict(figures) | {"cpu_s": cpu}) + "\n")


def _put_on_small_disk(megabytes: int, folder: Path, ending: contextlib.ExitStack) -> None:
    """The data folder's content on a file system of its own; logs stay outside."""
    disk = folder / DISK
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotRun(f"a small disk cannot be mounted ({done.stderr.strip()})")
    ending.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
    for path in [path for path in folder.iterdir() if path.name != DISK and not path.name.startswith("job.")]:
        shutil.move(path, disk / path.name)
    (disk / "rig.log").symlink_to(folder / "rig.log")
    folder.chmod(0o755)
    os.environ["DATA_DIR"] = str(disk)
    tempfile.tempdir = str(disk)  # the database's server, too


def _grow(row: plan.FaultRow, ending: contextlib.ExitStack) -> dict:
    """Its own Redis, and its own database on the shared PostgreSQL or on one of its own."""
    import psycopg

    os.environ.update(servers.KEYS)
    redis = ending.enter_context(servers.Redis(durable=True))
    os.environ["REDIS_URL"] = redis.url()
    if row.needs_postgres:
        # On the small disk where there is one, else in memory.
        postgres = ending.enter_context(servers.Postgres(durable=bool(row.disk_mb), max_wal_size="32MB"))
        os.environ["DATABASE_URL"] = postgres.create()
        for command in ("migrate", "createcachetable"):
            urls = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
            processes.manage(os.environ["DATA_DIR"], command, "-v", "0", **urls)
        return {"redis": redis, "postgres": postgres}
    admin = os.environ["FAULTS_POSTGRES"]
    name = f"faults_{os.getpid()}"
    with psycopg.connect(f"{admin}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    os.environ["DATABASE_URL"] = f"{admin}/{name}"
    return {"redis": redis}


def _run(row: plan.FaultRow, stage: Stage) -> Figures:
    try:
        row.run(stage)
    except CannotRun:
        raise
    except Exception:
        # What was seen until then is judged all the same.
        sys.stderr.write(traceback.format_exc())
        stage.complaints.append("the row broke off: " + traceback.format_exc().strip().splitlines()[-1])
    return stage.judge()


if __name__ == "__main__":
    main(*sys.argv[1:6])
