import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from tests.rig.processes import ROOT, wait_for
from tests.rig.servers import Postgres, Redis

STORY = """
import sys, time
from tests.rig.servers import {kind}
with {kind}() as server:
    {then}
    print(server.process.pid, server.folder, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("then", ["pass", "server.freeze()"], ids=["running", "frozen"])
@pytest.mark.parametrize("kind", ["Postgres", "Redis"])
def test_nothing_is_left_when_whoever_started_it_is_killed(kind, then):
    story = STORY.format(kind=kind, then=then)
    starter = subprocess.Popen([sys.executable, "-c", story], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid, folder = starter.stdout.readline().split()
    family = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]
    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert wait_for(lambda: not any(process.is_running() for process in family), 10)
    assert wait_for(lambda: not Path(folder).exists(), 10)


def test_postgresql_killed_and_started_again_keeps_what_was_committed():
    with Postgres(durable=True) as server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        server.kill()
        server.start()
        with server.connect() as connection:
            kept = connection.execute("SELECT number, current_setting('fsync') FROM kept").fetchone()
    assert kept == (7, "on")


def test_redis_asks_for_its_password_and_keeps_its_file():
    with Redis(password="open sesame", durable=True) as server:
        with server.client() as client:
            client.set("kept", 7)
        server.restart()
        with server.client() as client:
            kept = client.get("kept")
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("kept")
    assert kept == b"7"
