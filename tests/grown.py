"""Run pytest on the grown shape: `python -m tests.grown [arguments of pytest]`.

PostgreSQL, Redis and a bucket are started for it and end with it; TEST_DATABASE_URL and TEST_REDIS_URL name others.
"""

import contextlib
import os
import secrets
import subprocess
import sys

import psycopg
import redis

from tests.rig.processes import ROOT
from tests.rig.servers import KEYS, S3, Postgres, Redis

# The tests' own processes have the first of Redis's databases, one for each process of pytest-xdist.
FOR_PROCESSES = 8


def main() -> int:
    with contextlib.ExitStack() as stack:
        told = {"TEST_SHAPE": "grown"}
        if not os.environ.get("TEST_DATABASE_URL"):
            told["TEST_DATABASE_URL"] = stack.enter_context(Postgres()).url()
        if not os.environ.get("TEST_REDIS_URL"):
            told["TEST_REDIS_URL"] = stack.enter_context(Redis(password="for tests")).url()
        store = stack.enter_context(S3())
        # The rig's own processes get their settings from the test that starts them.
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=os.environ | told | store.environment(), check=False).returncode


def fresh() -> dict[str, str]:
    """An empty database and an empty queue on the servers of this run, as a process of the grown shape is told them."""
    base, number = os.environ["TEST_DATABASE_URL"].rpartition("/")[0], _number() + FOR_PROCESSES
    name = f"rig_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    queue = f"{os.environ['TEST_REDIS_URL'].rpartition('/')[0]}/{number}"
    with redis.Redis.from_url(queue) as client:
        client.flushdb()
    bucket = {name: value for name, value in os.environ.items() if name.startswith("S3_")}
    return {"DATABASE_URL": f"{base}/{name}", "REDIS_URL": queue, **KEYS, **bucket, "RIG_SERVERS": "1"}


def _number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


if __name__ == "__main__":
    sys.exit(main())
