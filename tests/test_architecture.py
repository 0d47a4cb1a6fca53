"""The house rules that a program can check: who may import whom, who writes a status, how big a room may be."""

import ast
import statistics
from pathlib import Path

import pytest

from scheduler_ui.models import Notice

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "scheduler_ui"
MAY_IMPORT = {
    "models": set(),
    "platforms": set(),
    "domain": {"models", "platforms"},
    "engine": {"models", "platforms", "domain"},
    "upkeep": {"models", "domain"},
    "forms": {"models", "platforms", "domain"},
    "tasks": {"engine", "domain"},
    "views": {"models", "domain", "forms"},
    "routes": {"views"},
}
MODULES = sorted(path for path in APP.rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def room(path):
    first = path.relative_to(APP).parts[0]
    return first.removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("scheduler_ui"):
            whole = [node.module] if node.module != "scheduler_ui" else [f"scheduler_ui.{n.name}" for n in node.names]
            yield from (name.split(".")[1] for name in whole if "." in name)
        elif isinstance(node, ast.Import):
            yield from (n.name.split(".")[1] for n in node.names if n.name.startswith("scheduler_ui."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_module_imports_only_what_its_room_may(path):
    here = room(path)
    if here not in MAY_IMPORT:
        return
    assert set(imported(path)) - MAY_IMPORT[here] - {here} == set()


def test_platforms_know_no_django():
    roots = set()
    for path in (APP / "platforms").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                roots.add(node.module.split(".")[0])
            elif isinstance(node, ast.Import):
                roots |= {name.name.split(".")[0] for name in node.names}
    assert roots & {"django", "huey", "project"} == set()


def test_only_move_to_and_move_many_write_a_status():
    writers = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if _writes_status(node):
                writers.append(f"{path.relative_to(APP)}:{node.lineno}")
    assert [writer for writer in writers if not writer.startswith("models/delivery.py")] == []


def _writes_status(node):
    """`x.status = …` on anything, and `.update(status=…)`."""
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in node.targets)
    is_update = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
    return is_update and any(keyword.arg == "status" for keyword in node.keywords)


def test_every_kind_of_notice_is_told_by_somebody():
    calls = [node for path in MODULES for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    telling = [
        call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "tell" and call.args
    ]
    assert {ast.unparse(call.args[0]) for call in telling} >= {f"Notice.Kind.{kind}" for kind in Notice.Kind.names}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(APP)))
def test_module_is_one_room(path):
    assert len(path.read_text().splitlines()) <= 250


def function_lengths():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(APP)}:{node.name}", node.end_lineno - node.lineno + 1


def test_no_function_is_over_40_lines():
    assert [name for name, length in function_lengths() if length > 40] == []


def test_functions_are_short_as_a_rule():
    lengths = sorted(length for _, length in function_lengths())
    assert statistics.median(lengths) <= 8
    assert lengths[int(len(lengths) * 0.9)] <= 20


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_is_short_and_has_no_inline_code(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 80
    assert [word for word in (" style=", "<style", " onclick=", "hx-on", "javascript:") if word in text] == []
