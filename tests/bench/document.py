"""Puts a run's figures into docs/performance.md and draws its curves.

`python -m tests.bench.document FILE` does it again from a file of figures.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench import curves, figures, plan, table
from tests.rig import processes

DOCS = processes.ROOT / "docs"
FIGURES = DOCS / "performance.json"
FIGURES_OF, PLAN_OF = "figures", "plan"


def write(results: dict) -> None:
    FIGURES.write_text(json.dumps(results, indent=1) + "\n")
    page = DOCS / "performance.md"
    text = _put(page.read_text(), FIGURES_OF, table.show(results))
    page.write_text(_put(text, PLAN_OF, plan.show(results)))
    for name, chart in charts(results).items():
        (DOCS / "images" / f"{name}.svg").write_text(chart)


def _put(page: str, name: str, words: str) -> str:
    """The page with these words between the two marks of that name."""
    begin, end = f"<!-- {name} of the last run -->", f"<!-- end of {name} -->"
    if not words:
        return page
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{words}\n\n{end}", page, flags=re.DOTALL)


def charts(results: dict) -> dict[str, str]:
    """Every chart that the run has figures for, by the name of its file."""
    drawn = {}
    for name, key, title in (
        ("growth-due-check", "due_check_ms", "One due check, 10 due"),
        ("growth-month", "month_cpu_ms", "A calendar month of 2,000 posts, CPU"),
        ("growth-poll", "poll_cpu_ms", "An idle poll, CPU"),
    ):
        found = {subject: _grown(results, subject, key) for subject in results["ours"]}
        if any(found.values()):
            drawn[name] = curves.draw(title, ("posts in the workspace", "ms"), _kept(found))
    found = {subject: _by_workers(results, subject) for subject in results["ours"]}
    if any(found.values()):
        drawn["growth-workers"] = curves.draw("Drain of 5,000 overdue", ("worker processes", "posts/s"), _kept(found))
    return drawn


def _grown(results: dict, subject: str, key: str) -> list[tuple[float, float]]:
    rows = _rows(results, "sizes", subject)
    return [(row["rows"], row[key]) for row in sorted(rows, key=lambda row: row["rows"])]


def _by_workers(results: dict, subject: str) -> list[tuple[float, float]]:
    lines = {1: "drain", 2: "drain2", 4: "drain4"}
    found = {workers: _rows(results, line, subject) for workers, line in lines.items()}
    return [(workers, figures.median([row["per_s"] for row in rows])) for workers, rows in found.items() if rows]


def _rows(results: dict, line: str, subject: str) -> list[dict]:
    mine = [row for row in results["rows"] if row["line"] == line and row["subject"] == subject]
    return [row for row in mine if "failed" not in row]


def _kept(found: dict[str, list]) -> dict[str, Sequence]:
    return {name: points for name, points in found.items() if points}


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()))
