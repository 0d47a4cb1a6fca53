"""Real worker and web processes on a folder of their own, started and ended by the test that needs them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLANK = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "EMAIL_URL", "SCHEDULING_ENABLED", "DEBUG", "STATIC_ROOT")
BLANK += ("S3_BUCKET", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")


def end_in_order() -> None:
    """A run that is told to end (SIGTERM) ends what it has started, as it does by Ctrl+C."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def environment(data_dir: Path, **extra: str) -> dict[str, str]:
    """What a process of the rig sees: this folder's data, nobody's `.env`, and no server that the rig did not start."""
    blank = () if os.environ.get("RIG_SERVERS") else BLANK
    kept = {name: value for name, value in os.environ.items() if name not in blank}
    # A rig sends bursts to few accounts: no number is reached, but the brake stays on, so a claim is a user's claim.
    # Whoever tries what paces an account sets it.
    pace = {"ACCOUNT_HOURLY_CAP": "100000", "CATCH_UP_GAP": "0", "POSTS_PER_MINUTE": "100000"}
    own = {"DATA_DIR": str(data_dir), "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "project.settings"}
    return kept | own | pace | extra


def manage(data_dir: Path, *arguments: str, **extra: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise AssertionError(f"manage.py {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def start(data_dir: Path, *arguments: str, **extra: str) -> subprocess.Popen:
    """A process of the project in the background; its log goes to `data_dir`/rig.log."""
    with (data_dir / "rig.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=environment(data_dir, **extra), stdout=log, stderr=log
        )


def end(process: subprocess.Popen, seconds: float = 10) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def worker(data_dir: Path, **extra: str) -> Iterator[subprocess.Popen]:
    process = start(data_dir, "manage.py", "run_huey", **extra)
    try:
        yield process
    finally:
        end(process)


def wait_for(what: Callable[[], object], seconds: float, step: float = 0.02) -> bool:
    """Whether `what()` became true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(step)
    return bool(what())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
