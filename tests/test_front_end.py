"""What the browser is given: vendored files as they were published, templates that a strict policy lets work."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VENDORED = json.loads((ROOT / "static/vendor/vendor.json").read_text())
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
SHEETS = sorted((ROOT / "static/css").glob("*.css"))
SPRITE = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/vendor/icons.svg").read_text()))
# Inline code and styles, and the attributes that htmx would have to evaluate.
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|hx-on|javascript:|every \d+m?s \[", re.IGNORECASE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_vendored_file_is_what_was_published(entry):
    assert hashlib.sha256((ROOT / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_vendored_files_are_all_listed():
    kept = {name(path) for path in (ROOT / "static/vendor").iterdir()} - {"static/vendor/vendor.json"}
    assert kept == {entry["file"] for entry in VENDORED if entry["file"].startswith("static/vendor/")}


def is_meant(finding: str) -> bool:
    """An element that asks by itself keeps its own attributes to itself, and a film's `preload` is not htmx's."""
    place, _space, complaint = finding.partition(": ")
    path, _colon, line = place.rpartition(":")
    tag = Path(path).read_text().splitlines()[int(line) - 1]
    if complaint.startswith("[inheritance]"):
        return re.search(r"\shx-(get|post)=", tag) is not None
    return "preload" in complaint and "<video" in tag


def test_templates_have_no_habits_of_an_older_htmx():
    command = [sys.executable, ROOT / "tools/vendored/upgrade-check.py", "--no-color", ROOT / "templates"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    findings = [line for line in ran.stdout.splitlines() if re.match(r".+:\d+: \[", line)]
    assert [finding for finding in findings if not is_meant(finding)] == []


def test_upgrade_check_finds_an_older_habit(tmp_path):
    (tmp_path / "old.html").write_text('<body hx-headers="{}"><a hx-get="/x/">x</a></body>')
    command = [sys.executable, ROOT / "tools/vendored/upgrade-check.py", "--no-color", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, "hx-headers needs :inherited" in ran.stdout) == (1, True)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_has_nothing_inline(path):
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_uses_icons_that_exist(path):
    assert set(re.findall(r"""\{% icon ["']([\w-]+)""", path.read_text())) - SPRITE == set()


def test_scripts_evaluate_nothing_and_write_no_markup():
    banned = re.compile(
        r"\beval\(|new Function|(?<!template)\.innerHTML|\.outerHTML *=|insertAdjacentHTML|document\.write"
    )
    assert [f"{name(path)}: {found}" for path in SCRIPTS for found in banned.findall(path.read_text())] == []


def test_sheets_use_only_colours_that_are_tokens():
    """A token that is not defined would silently fall back to nothing."""
    text = "".join(path.read_text() for path in SHEETS)
    defined = set(re.findall(r"(--[\w-]+):", text))
    measured = set(re.findall(r'setProperty\("(--[\w-]+)"', "".join(path.read_text() for path in SCRIPTS)))
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) - defined - measured == set()
