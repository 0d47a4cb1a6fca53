import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.boot.running import Running, run_once, start, status_of
from tests.rig.processes import free_port, manage, wait_for

SLOW_ACCOUNT = """
from scheduler_ui.models import Account, Membership, User, Workspace
ada = User.objects.create_user("ada@example.org", "secret words", timezone="UTC")
home = Workspace.objects.create(name="Home")
Membership.objects.create(user=ada, workspace=home)
slow = {"kind": "key", "behaviour": "delay", "seconds": 8}
Account.objects.create(workspace=home, platform="rehearsal", remote_id="slow", handle="slow", settings=slow)
"""


class Instance:
    def __init__(self, folder: Path) -> None:
        self.data_dir = folder
        self.port = free_port()
        self.running: Running = start(folder, self.port)
        self.address = self.running.hear(r"^Punctual is at (.*)$", 30)[1]
        self.setup_link = self.running.hear(r"^(http.*/setup/.+/)$", 5)[1]
        assert wait_for(lambda: self.running.has("run_huey"), 5)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance(tmp_path_factory.mktemp("shared"))
    yield instance
    instance.running.clear_away()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path)
    yield instance
    instance.running.clear_away()


def test_run_prints_where_it_is(shared: Instance) -> None:
    assert shared.address == f"http://localhost:{shared.port}"


def test_run_prints_a_setup_link_that_opens(shared: Instance) -> None:
    path = shared.setup_link.removeprefix(shared.address)
    assert status_of(shared.port, path) == 200


@pytest.mark.parametrize("name", ["secret_key", "token_keys", "queue_keys", "punctual.sqlite3"])
def test_run_keeps_what_is_secret_to_its_user(shared: Instance, name: str) -> None:
    assert stat.S_IMODE((shared.data_dir / name).stat().st_mode) == 0o600


def test_run_refuses_a_folder_that_is_in_use(shared: Instance) -> None:
    code, said, complaint = run_once(shared.data_dir, free_port())
    in_use = (
        f"Punctual is already running on {shared.data_dir} (process {shared.running.process.pid}, {shared.address})."
    )
    assert (code, said, complaint) == (1, "", f"{in_use}\n")


def test_run_refuses_a_port_that_is_in_use(shared: Instance, tmp_path: Path) -> None:
    code, said, complaint = run_once(tmp_path, shared.port)
    in_use = (
        f"Port {shared.port} is in use on 127.0.0.1. Take another one, for example: PORT={shared.port + 1} make run"
    )
    assert (code, said, complaint) == (1, "", f"{in_use}\n")


def test_worker_killed_is_back_within_two_seconds_while_web_stays(shared: Instance) -> None:
    web, worker = shared.running.find("gunicorn"), shared.running.find("run_huey")
    worker.kill()
    assert wait_for(lambda: shared.running.has("run_huey", besides=worker.pid), 2)
    assert shared.running.find("gunicorn") == web
    assert status_of(shared.port, "/account/login/") == 200


def test_web_killed_answers_again_within_two_seconds_while_worker_stays(shared: Instance) -> None:
    web, worker = shared.running.find("gunicorn"), shared.running.find("run_huey")
    web.kill()
    assert wait_for(lambda: shared.running.has("gunicorn", besides=web.pid), 2)
    assert wait_for(lambda: _answers(shared.port), 10)
    assert shared.running.find("run_huey") == worker


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_told_to_stop_ends_everything_within_three_seconds(own: Instance, number: signal.Signals) -> None:
    own.running.remember_family()
    code, seconds = own.running.end(number)
    assert (code, own.running.has_left_none()) == (0, True)
    assert seconds <= 3


def test_run_told_to_stop_says_what_it_finishes_and_finishes_it(own: Instance) -> None:
    manage(own.data_dir, "shell", "-c", SLOW_ACCOUNT)
    manage(own.data_dir, "schedule_post", "Hello", "--as", "ada@example.org", "--to", "slow")
    assert wait_for(lambda: _attempts(own.data_dir) == 1, 5)
    own.running.remember_family()
    code, _ = own.running.end()
    assert (code, own.running.has_left_none()) == (0, True)
    own.running.hear("^Stopped.$", 1)
    said = "".join(own.running.said)
    assert "finishing what is going out (1 now, up to 30 s)" in said
    assert "Waiting for worker to finish what is under way (up to 30 s; Ctrl+C again ends it now).\n" in said
    assert "to slow on rehearsal" in said.rpartition("published ")[2]


def test_run_killed_leaves_no_process(own: Instance) -> None:
    own.running.remember_family()
    own.running.process.kill()
    assert wait_for(own.running.has_left_none, 10)


def test_run_again_needs_no_setup_and_keeps_its_keys(tmp_path: Path) -> None:
    keys = []
    for _ in range(2):
        instance = Instance(tmp_path)
        keys.append((tmp_path / "secret_key").read_text())
        instance.running.end()
        instance.running.clear_away()
    assert keys[0] == keys[1]


def test_run_refuses_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    complaint = f"Punctual cannot start: DATA_DIR={file} is not a folder that can be made: File exists.\n"
    assert run_once(file, free_port()) == (1, "", complaint)


def test_run_refuses_a_wrong_value(tmp_path: Path) -> None:
    complaint = "Punctual cannot start: SCHEDULING_ENABLED=perhaps must be true or false.\n"
    assert run_once(tmp_path, free_port(), SCHEDULING_ENABLED="perhaps") == (1, "", complaint)


def test_run_refuses_an_address_that_is_not_its_own(tmp_path: Path) -> None:
    complaint = "HOST=192.0.2.1 is no address of this machine: Cannot assign requested address.\n"
    assert run_once(tmp_path, free_port(), HOST="192.0.2.1") == (1, "", complaint)


def _attempts(data_dir: Path) -> int:
    with closing(sqlite3.connect(data_dir / "punctual.sqlite3")) as database:
        return int(database.execute("SELECT COUNT(*) FROM scheduler_ui_attempt").fetchone()[0])


def _answers(port: int) -> bool:
    try:
        return status_of(port, "/account/login/") == 200
    except OSError:
        return False
