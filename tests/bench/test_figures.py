"""`make bench`: prints the performance table; fails on lost, twice or early, never on a timing."""

import json
import subprocess
import sys
import time

import psutil
import pytest

from tests.rig import processes


def measure(data_dir, module, *arguments, **extra):
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=processes.ROOT,
        env=processes.environment(data_dir, ALLOW_PRIVATE_TARGETS="127.0.0.0/8", **extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def data_dir(tmp_path):
    processes.manage(tmp_path, "migrate", "-v", "0")
    return tmp_path


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "spread", "answer_after"),
    [
        ("200 posts over 40 s (aim: p50 5 ms, p99 50 ms)", 40, 0),
        ("200 at one instant, 50 ms answers (p99 1 s)", 0, 0.05),
    ],
)
def test_lateness(data_dir, name, spread, answer_after):
    row = measure(data_dir, "tests.bench.lateness", str(spread), str(answer_after))
    sys.stdout.write(f"\n{name}: {row}\n")
    assert (row["arrived"], row["twice"], row["early"]) == (row["posts"], 0, 0)


@pytest.mark.timeout(300)
def test_idle(data_dir):
    processes.manage(data_dir, "createcachetable")
    processes.manage(data_dir, "collectstatic", "--noinput", "-v", "0")
    port = processes.free_port()
    web = ["-m", "gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    web += ["--workers", "1", "--threads", "8", "--preload", "--no-control-socket"]
    started = [processes.start(data_dir, *web), processes.start(data_dir, "manage.py", "run_huey")]
    try:
        time.sleep(8)
        family = [psutil.Process(process.pid) for process in started]
        family += [child for process in family for child in process.children(recursive=True)]
        before = [sum(process.cpu_times()[:2]) for process in family]
        time.sleep(30)
        cpu = sum(sum(process.cpu_times()[:2]) for process in family) - sum(before)
        pss = sum(process.memory_full_info().pss for process in family) / 2**20
    finally:
        for process in started:
            processes.end(process)
    sys.stdout.write(f"\nidle (aim: 250 MB PSS, 2 % of a core): {pss:.0f} MB, {cpu / 30 * 100:.2f} %\n")
    assert pss > 0
