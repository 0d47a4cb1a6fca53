"""`kill -9` at each named point, for each kind of platform, with real workers on a real file."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.rig import crash, processes

SCALE = 0.1
LEASE = 30 * SCALE


@pytest.mark.timeout(400)
def test_a_killed_worker_loses_nothing_and_sends_nothing_twice(tmp_path):
    template = tmp_path / "template"
    template.mkdir()
    processes.manage(template, "migrate", "-v", "0")
    combinations = [(point, kind) for point in crash.POINTS for kind in crash.KINDS]

    def one(combination):
        data_dir = tmp_path / "-".join(combination)
        shutil.copytree(template, data_dir)
        done = subprocess.run(
            [sys.executable, "-m", "tests.rig.crash", *combination],
            cwd=processes.ROOT,
            env=processes.environment(data_dir, TIME_SCALE=str(SCALE)),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(one, combinations))

    for row in rows:
        sys.stdout.write(f"{row}\n")
    faults = {f"{row['point']}/{row['kind']}": crash.verdict(row, LEASE, SCALE) for row in rows}
    assert {name: fault for name, fault in faults.items() if fault} == {}
