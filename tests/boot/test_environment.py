import ipaddress
import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from environ import Env

from project import environment
from tests.boot.running import ROOT
from tests.boot.running import environment as process_environment
from tests.rig.servers import KEYS


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: environment.flag("IT", None), "", None),
        (lambda: environment.flag("IT", False), "Yes", True),
        (lambda: environment.flag("IT", True), "off", False),
        (lambda: environment.whole("IT", 3), "", 3),
        (lambda: environment.whole("IT", 3), " 8 ", 8),
        (lambda: environment.number("IT", 3), "0.25", 0.25),
        (lambda: environment.numbers("IT", (1,)), "1, 2.5", (1, 2.5)),
        (lambda: environment.choice("IT", "INFO", ("INFO", "DEBUG")), "debug", "DEBUG"),
        (lambda: environment.choice("IT", "both", ("both", "tick")), "tick", "tick"),
        (lambda: environment.origin("IT"), "https://Posts.example.org/", "https://posts.example.org"),
        (lambda: environment.origin("IT"), "http://[::1]:8000", "http://[::1]:8000"),
        (lambda: environment.url("IT", "sqlite:///x", Env.db_url_config)["NAME"], "", "x"),
        (lambda: environment.networks("IT"), "", ()),
        (
            lambda: environment.networks("IT"),
            "10.0.0.0/8, ::1",
            (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1")),
        ),
    ],
)
def test_value_that_can_be_read(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any], value: str, expected: Any
) -> None:
    monkeypatch.setenv("IT", value)
    assert read() == expected


@pytest.mark.parametrize(
    ("read", "value", "words"),
    [
        (lambda: environment.flag("IT", None), "ture", "IT=ture must be true or false."),
        (lambda: environment.whole("IT", 3, 1, 9), "10", "IT=10 must be a whole number from 1 to 9."),
        (lambda: environment.whole("IT", 3, 1, 9), "many", "IT=many must be a whole number from 1 to 9."),
        (lambda: environment.number("IT", 3), "nan", "IT=nan must be a number, 0 or more."),
        (lambda: environment.numbers("IT", ()), "1,,2", "IT=1,,2 must be numbers with commas between them, 0 or more."),
        (lambda: environment.choice("IT", "A", ("A", "B")), "c", "IT=c must be one of A, B."),
        (
            lambda: environment.networks("IT"),
            "10.0.0.0/99",
            "IT=10.0.0.0/99 must be networks with commas between them, such as 10.0.0.0/8,::1.",
        ),
    ],
)
def test_value_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any], value: str, words: str
) -> None:
    monkeypatch.setenv("IT", value)
    with pytest.raises(ImproperlyConfigured) as raised:
        read()
    assert str(raised.value) == words


@pytest.mark.parametrize(
    "value",
    ["posts.example.org", "ftp://a.org", "https://a.org/path", "https://u@a.org", "http://a:99999", "http://a b"],
)
def test_origin_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("IT", value)
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.origin("IT")
    assert str(raised.value) == f"IT={value} must be like https://posts.example.org, without a path."


@pytest.mark.parametrize("parse", [Env.db_url_config, Env.email_url_config])
def test_url_with_a_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch, parse: Callable[[str], Any]) -> None:
    monkeypatch.setenv("IT", "zork://me:hidden@example.org/x")
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.url("IT", "", parse)
    assert str(raised.value).startswith("IT ")
    assert "hidden" not in str(raised.value)


def test_keys_are_made_once_by_many_at_a_time(tmp_path: Path) -> None:
    made = iter("abcdefgh")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: environment.keys("NO_KEYS", tmp_path / "k", lambda: next(made), 1), range(8)))
    assert found == [["a"]] * 8
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600


def test_keys_that_a_crash_left_empty_are_made(tmp_path: Path) -> None:
    (tmp_path / "k").touch()
    assert environment.keys("NO_KEYS", tmp_path / "k", lambda: "new", 1) == ["new"]


def test_keys_of_the_environment_stand_above_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYS", "first, second")
    assert environment.keys("KEYS", tmp_path / "k", lambda: "made", 1) == ["first", "second"]
    assert not (tmp_path / "k").exists()


def test_keys_that_are_too_short_are_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYS", "hidden")
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.keys("KEYS", tmp_path / "k", lambda: "made", 50)
    assert str(raised.value) == "KEYS: every key must have at least 50 characters."


@pytest.mark.parametrize("key", ["a" * 45, "!" * 44, "A" * 44])
def test_fernet_keys_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    monkeypatch.setenv("KEYS", key)
    with pytest.raises(ImproperlyConfigured) as raised:
        environment.fernet_keys("KEYS", tmp_path / "k")
    assert str(raised.value) == "KEYS: every key must be 32 bytes in URL-safe base64 (44 characters)."


def test_fernet_keys_are_made(tmp_path: Path) -> None:
    assert environment.fernet_keys("NO_KEYS", tmp_path / "k") == [(tmp_path / "k").read_text()]


def test_env_file_stands_under_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_FILE=file\nFROM_BOTH=file\n")
    monkeypatch.setenv("FROM_BOTH", "environment")
    monkeypatch.setenv("FROM_FILE", "")
    monkeypatch.delenv("FROM_FILE")
    environment.read_file(tmp_path / ".env")
    assert [environment.text("FROM_FILE"), environment.text("FROM_BOTH")] == ["file", "environment"]


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "gunicorn", "project.wsgi", "--preload", "--no-control-socket", "--bind", "127.0.0.1:0"],
    ],
)
def test_process_with_a_wrong_value_ends_with_one_line(tmp_path: Path, command: list[str]) -> None:
    env = process_environment(tmp_path, 8000, THREADS="none")
    result = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    words = "Punctual cannot start: THREADS=none must be a whole number from 1 to 256.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", words)


def checked(tmp_path: Path, **variables: str) -> tuple[int, str]:
    env = process_environment(tmp_path, 8000, PUBLIC_URL="https://posts.example.org", **variables)
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return result.returncode, result.stderr


GROWN = {"DATABASE_URL": "postgres://me@db.example.org/punctual", "REDIS_URL": "redis://queue.example.org", **KEYS}


@pytest.mark.parametrize("variables", [{"SECRET_KEY": "0123456789" * 5}, {**GROWN, "S3_BUCKET": "punctual"}])
def test_settings_of_production_pass_the_deployment_check(tmp_path: Path, variables: dict[str, str]) -> None:
    assert checked(tmp_path, **variables) == (0, "")


def test_pictures_that_only_one_of_many_machines_can_read_are_warned_of(tmp_path: Path) -> None:
    code, said = checked(tmp_path, **GROWN)
    assert (code, re.findall(r"^\S+: \((\S+)\)", said, re.MULTILINE)) == (1, ["punctual.W001"])
    assert ("WARNINGS:\n" in said, "ERRORS:\n" in said, "HINT: Set S3_BUCKET" in said) == (True, False, True)


def test_example_lists_every_variable_of_the_settings() -> None:
    settings = "".join((ROOT / "project" / name).read_text() for name in ("settings.py", "shapes.py"))
    read = set(re.findall(r"(?:environment\.\w+|_seconds|_many_seconds)\(\s*\"([A-Z0-9_]+)\"", settings))
    listed = set(re.findall(r"^#([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert sorted(read) == sorted(listed)


def test_example_shows_the_engines_numbers_as_they_are(tmp_path: Path) -> None:
    section = re.search(r"--- The engine's numbers.*?(?=\n# ---)", (ROOT / ".env.example").read_text(), re.DOTALL)
    assert section
    shown = dict(re.findall(r"^#([A-Z_]+)=(.+)$", section.group(), re.MULTILINE))
    assert numbers(tmp_path, **shown) == numbers(tmp_path)


def numbers(data_dir: Path, **variables: str) -> dict[str, Any]:
    code = "import json; from project import settings; print(json.dumps(settings.PUNCTUAL))"
    env = process_environment(data_dir, 8000, **variables)
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return json.loads(said.stdout)
