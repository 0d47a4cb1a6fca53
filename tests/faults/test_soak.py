"""What a long run says of rows that it has not played to their end, and what its page keeps."""

import argparse
import json
from pathlib import Path

import pytest

from tests.faults import __main__ as table
from tests.faults import soak
from tests.faults.plan import FaultRow
from tests.faults.scheduling import Job, Run

FIGURES = {"n": 3, "asked": 0, "lost": [], "twice": [], "early": [], "lateness": [0.1], "recovery": {}}
RUN = Run(Path(), "", seed=7, is_real=True, scale=1, cores=3, until=0)


def jobs(parts=("a", "b"), number=5):
    row = FaultRow(number, "a fault", lambda _stage: None, parts=parts)
    return [Job(row, part, "grown") for part in parts]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A run's options; its memory is a folder of the test's own."""
    for name in ("JSON", "PAGE"):
        monkeypatch.setattr(soak, name, tmp_path / name)
    return argparse.Namespace(real=True, seed=7, keep=False, cores=3.0, json=tmp_path / "out.json")


def concluded(asked, monkeypatch, played, left):
    """What the run ends with, and the JSON that it writes, after these (job, complaints)."""

    def run_all(_jobs, _run, done, *, keep):
        for job, complaints in played:
            job.figures = FIGURES | {"complaints": complaints}
            done(job)
        return left

    monkeypatch.setattr(table, "run_all", run_all)
    results, missing = table._play([], RUN, asked)
    return table._conclude(results, missing, asked, 1), json.loads(asked.json.read_text())


def test_a_failure_of_an_unfinished_row_is_said_counted_and_kept(asked, monkeypatch, capsys):
    first, second = jobs()
    ended, written = concluded(asked, monkeypatch, [(first, ["it broke"])], [second])
    assert (ended, [row["complaints"] for row in written["rows"]], written["left"]) == (
        1,
        [["a: it broke", "1 of 2 parts were played"]],
        [[5, "grown"]],
    )
    assert "0 passed, 1 failed, 1 left" in capsys.readouterr().out
    assert "it broke" in soak.PAGE.read_text()


def test_a_run_that_has_finished_nothing_has_shown_nothing(asked, monkeypatch):
    first, second = jobs()
    ended, written = concluded(asked, monkeypatch, [(first, [])], [second])
    assert (ended, written["rows"], written["left"]) == (1, [], [[5, "grown"]])


def test_a_finished_row_passes_and_what_is_left_is_for_another_time(asked, monkeypatch, capsys):
    ended, written = concluded(asked, monkeypatch, [(job, []) for job in jobs()], jobs(("",), 6))
    assert (ended, written["left"], written["cores_used"]) == (0, [[6, "grown"]], 3)
    assert "1 passed, 0 failed, 1 left" in capsys.readouterr().out


def test_the_page_says_of_each_result_when_and_on_what_it_was_played(asked, monkeypatch):
    monkeypatch.setattr(soak, "version", lambda: "abc1234")
    concluded(asked, monkeypatch, [(job, []) for job in jobs()], [])
    (kept,) = json.loads(soak.JSON.read_text())
    line = soak.PAGE.read_text().splitlines()[-1]
    assert line.endswith(f"| passed | {kept['at'][:10]} | abc1234 | {kept['cores']} |")
    assert kept["cores"].startswith("3 of ")
