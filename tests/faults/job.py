"""One part of one row on one shape, in a process of its own: `python -m tests.faults.job ROW PART SHAPE SEED TIER`.

DATA_DIR is its own folder, FAULTS_POSTGRES the server to make its own database on; the last line that it prints is its
figures as JSON.
"""

import contextlib
import dataclasses
import json
import os
import sys
import traceback

from project.start import start
from tests.faults import plan
from tests.faults.checker import Figures
from tests.faults.stage import CannotRun, Stage
from tests.rig import processes, servers

TEMPLATE = "faults_template"


def main(number: str, part: str, shape: str, seed: str, tier: str) -> None:
    row = plan.load()[int(number)]
    with contextlib.ExitStack() as ending:
        owned = _grow(row, ending) if shape == "grown" else {}
        start()
        stage = ending.enter_context(Stage(shape=shape, part=part, seed=int(seed), is_real=tier == "real", **owned))
        figures = _run(row, stage)
    sys.stdout.write(json.dumps(dataclasses.asdict(figures)) + "\n")


def _grow(row: plan.FaultRow, ending: contextlib.ExitStack) -> dict:
    """Its own Redis, and its own database on the shared PostgreSQL or on one of its own."""
    import psycopg

    os.environ.update(servers.KEYS)
    redis = ending.enter_context(servers.Redis(durable=True))
    os.environ["REDIS_URL"] = redis.url()
    if row.needs_postgres:
        postgres = ending.enter_context(servers.Postgres())
        os.environ["DATABASE_URL"] = postgres.create()
        for command in ("migrate", "createcachetable"):
            processes.manage(os.environ["DATA_DIR"], command, "-v", "0", DATABASE_URL=os.environ["DATABASE_URL"])
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
    except CannotRun as error:
        return Figures(complaints=[f"cannot run here: {error}"])
    except Exception:
        # What was seen until then is judged all the same.
        sys.stderr.write(traceback.format_exc())
        stage.complaints.append("the row broke off: " + traceback.format_exc().strip().splitlines()[-1])
    return stage.judge()


if __name__ == "__main__":
    main(*sys.argv[1:6])
