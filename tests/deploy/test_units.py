import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rig import processes
from tests.rig.packages import binary
from tools import service

DEPLOY = processes.ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def verified(path):
    """What systemd says against a unit; '' when nothing."""
    analyze = binary("systemd-analyze", "systemd")
    done = subprocess.run([analyze, "verify", "--man=no", path], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if path.name.split("@")[0].split(".")[0] in line]
    return "\n".join(ours) or ("" if done.returncode == 0 else done.stderr)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_unit_is_one_that_systemd_takes_and_starts_what_is_there(unit, tmp_path):
    text = unit.read_text().replace("/srv/punctual", str(processes.ROOT)).replace("User=punctual", "User=root")
    path = tmp_path / unit.name.replace("@", "@7")
    path.write_text(text.replace("EnvironmentFile=/etc", "EnvironmentFile=-/etc"))
    assert verified(path) == ""
    command = shlex.split(re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)[1])
    if command[0] == "/usr/bin/env":
        assert command[1] == "PORT=%i"
        del command[:2]
    assert os.access(command[0], os.X_OK)
    if command[0].endswith("deploy/run"):
        assert re.search(rf"^{command[1]}:", (processes.ROOT / "Procfile").read_text(), re.MULTILINE)


def test_broken_unit_is_noticed(tmp_path):
    path = tmp_path / "punctual.service"
    path.write_text("[Service]\nExecStart=/no/such/program\nRestrat=always\n")
    assert "Restrat" in verified(path)


@pytest.mark.parametrize("part", ["web", "worker"])
def test_supervisor_starts_what_is_there_and_lets_it_finish(part):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",), comment_prefixes=(";",))
    parser.read(DEPLOY / "supervisor.conf")
    program = parser[f"program:punctual-{part}"]
    command = shlex.split(program["command"].replace("/srv/punctual", str(processes.ROOT)))
    assert (os.access(command[0], os.X_OK), command[1]) == (True, part)
    assert (program["stopsignal"], int(program["stopwaitsecs"]) > 30, program["killasgroup"]) == ("TERM", True, "true")


def made(folder, **env):
    command = [sys.executable, "-m", "tools.service"]
    there = {"PATH": os.environ["PATH"], "HOME": "/home/ana", **env}
    return subprocess.run(command, cwd=folder, env=there, capture_output=True, text=True, check=False)


def test_make_service_writes_a_unit_for_this_folder(tmp_path):
    done = made(processes.ROOT, PREFIX=str(tmp_path))
    is_root = os.geteuid() == 0
    path = tmp_path / ("etc/systemd/system" if is_root else "home/ana/.config/systemd/user") / "punctual.service"
    scope = "" if is_root else " --user"
    assert done.stdout.splitlines()[:3] == [
        f"Written: {path}",
        f"systemctl{scope} daemon-reload",
        f"systemctl{scope} enable --now punctual.service",
    ]
    text = path.read_text()
    assert f"ExecStart={processes.ROOT}/.venv/bin/python -m tools.run\n" in text
    assert verified(path) == ""


def test_make_service_of_a_user_asks_for_nothing_that_is_roots(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PREFIX", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/ana/.config")
    service.main()
    assert capsys.readouterr().out.splitlines()[-1] == "loginctl enable-linger"
    text = (tmp_path / "home/ana/.config/systemd/user/punctual.service").read_text()
    assert [line for line in text.splitlines() if line.startswith(("User=", "EnvironmentFile="))] == []
    assert "WantedBy=default.target" in text


def test_port_of_a_web_process_stands_over_the_settings():
    """systemd reads Environment= first and EnvironmentFile= over it: two processes would want one port."""
    text = (DEPLOY / "systemd" / "punctual-web@.service").read_text()
    assert re.findall(r"^Environment=.*|^ExecStart=\S+ \S+", text, re.MULTILINE) == ["ExecStart=/usr/bin/env PORT=%i"]


@pytest.mark.parametrize("name", ["web", "worker"])
def test_machine_is_prepared_before_its_first_process(name):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(DEPLOY / "systemd" / f"punctual-{name}@.service")
    told = [parser["Unit"][key].split() for key in ("Wants", "After")]
    assert ["punctual-prepare.service" in units for units in told] == [True, True]


@pytest.fixture
def clone(tmp_path):
    """As much of a clone as `make service` reads."""
    for name in ("tools", "deploy", "project", "scheduler_ui"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(processes.ROOT / name, tmp_path / "clone" / name, ignore=left_out)
    shutil.copy(processes.ROOT / ".env.example", tmp_path / "clone")
    (tmp_path / "clone" / ".venv").mkdir()
    return tmp_path / "clone"


def test_make_service_lets_it_write_where_its_data_is(clone, tmp_path):
    (clone / ".env").write_text("DATA_DIR=/var/lib/punctual\n")
    done = made(clone, PREFIX=str(tmp_path), PORT="9000", DATA_DIR="/elsewhere")
    (path,) = tmp_path.rglob("systemd/*/punctual.service")
    assert f"ReadWritePaths={clone} -/var/lib/punctual\n" in path.read_text()
    assert done.stderr == f"The service does not see PORT, DATA_DIR of this shell: put it into {clone}/.env.\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes things that are another's")
def test_make_service_by_root_leaves_the_folder_its_owners(clone, tmp_path):
    subprocess.run(["chown", "-R", "65534:65534", clone], check=True)
    os.chown(clone / ".venv", 0, 0)
    made(clone, PREFIX=str(tmp_path))
    assert (clone / ".venv").stat().st_uid == 65534
    (path,) = tmp_path.rglob("systemd/*/punctual.service")
    assert "User=nobody\n" in path.read_text()


def test_web_process_listens_where_the_env_file_says(tmp_path):
    """`deploy/run web` tells gunicorn before anybody has read that file."""
    (tmp_path / "env").write_text(f"HOST=::1\nPORT=8765\nDATA_DIR={tmp_path}\n")
    (tmp_path / "gunicorn").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "gunicorn").chmod(0o755)
    clone = tmp_path / "clone"
    (clone / "deploy").mkdir(parents=True)
    shutil.copy(DEPLOY / "run", clone / "deploy")
    for name in ("Procfile", "project", "tools", "scheduler_ui", "pyproject.toml"):
        (clone / name).symlink_to(processes.ROOT / name)
    path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [clone / "deploy" / "run", "web"]
    env = {"PATH": path, "ENV_FILE": str(tmp_path / "env")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert "--bind [::1]:8765 " in done.stdout


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="this machine has systemd")
def test_make_service_without_systemd_says_so_in_one_line():
    done = made(processes.ROOT)
    assert done.returncode == 1
    assert done.stderr == (
        "There is no systemd on this machine. Let what starts other programs at boot run this: "
        f"cd {processes.ROOT} && make run\n"
    )
