"""The bench's own words: what it says must follow from what was written down."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.bench import curves, document, figures, lines, record, subjects, table, tabs
from tests.bench.__main__ import rows_of


def results(*rows, ours=("embedded",)):
    about = {"machine": "a machine", "flush_ms": [0.2, 0.3, 0.2, 0.3], "minutes": 1, "runs": 2}
    rows = [{"subject": "embedded", "run": 0, "spin_ms": 50.0} | row for row in rows]
    return about | {"subjects": {"embedded": "Punctual", "peer": "Peer"}, "ours": list(ours), "rows": rows}


def a_burst(**fields):
    return {"line": "burst", "lost": 0, "twice": 0, "early": 0, "unsettled": 0, "last_ms": 900.0} | fields


def test_percentile_is_a_value_that_was_measured():
    ordered = list(range(1, 501))
    assert [figures.percentile(ordered, share) for share in (0.5, 0.99, 1)] == [250, 495, 500]


@pytest.mark.parametrize("fault", ["lost", "twice", "early", "unsettled"])
def test_one_broken_promise_fails_the_run(fault):
    assert (table.broken(results(a_burst())), table.broken(results(a_burst(**{fault: 1})))) == (0, 1)


def test_what_could_not_be_measured_fails_the_run():
    assert table.broken(results({"line": "burst", "failed": "it ended"})) == 1


def ended(with_code, *rows):
    code = f"import sys; print({chr(10).join(rows)!r}); sys.exit({with_code})"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_what_dies_half_way_fails_the_run_and_its_line_is_not_reached():
    half = {"rows": 10_000, **dict.fromkeys(("due_check_ms", "overdue_check_ms", "look_ms"), 1.0)}
    half |= {"month_cpu_ms": 50.0, "queue_cpu_ms": 9.0}
    rows = rows_of(subjects.Ours("embedded"), ended(1, json.dumps(half)))
    found = results(*({"line": "sizes"} | row for row in rows))
    told = [line.split("|")[-2].strip() for line in table.show(found).splitlines() if " rows " in line]
    assert (rows[0], table.broken(found), told) == (half, 1, ["NO", "NO", "NO"])


def test_what_ends_well_and_a_peer_that_kills_itself_have_not_failed():
    row = {"lost": 0}
    peer = subjects.SOME_PEERS[0]
    assert rows_of(subjects.Floor(), ended(0, json.dumps(row))) == rows_of(peer, ended(9, json.dumps(row))) == [row]


@pytest.mark.parametrize("subject", [subjects.Ours("grown"), subjects.SOME_PEERS[0]], ids=["ours", "peer"])
def test_what_prints_nothing_has_failed(subject):
    assert rows_of(subject, ended(3)) == [{"failed": "it ended with 3. "}]


def test_tabs_that_nobody_answers_are_errors():
    asked = int(tabs.TABS * tabs.SECONDS / tabs.EVERY)
    few = tabs.found([1.0] * (asked // 2), ["no connection"] * 7)
    assert (tabs.found([1.0] * (asked - 50), [])["errors"], few["errors"]) == (0, asked * 99 // 100 - asked // 2)


def test_page_shows_the_figures_that_are_kept_beside_it():
    page = (document.DOCS / "performance.md").read_text()
    assert table.show(json.loads(document.FIGURES.read_text())) in page


def test_a_slow_run_and_a_peers_losses_fail_nothing():
    assert table.broken(results(a_burst(last_ms=9000), a_burst(subject="peer", lost=7))) == 0


def test_row_tells_the_median_its_range_and_whether_it_is_reached():
    runs = [a_burst(last_ms=milliseconds) for milliseconds in (800, 900, 1500)]
    row = next(line for line in table.show(results(*runs)).splitlines() if line.startswith("| burst"))
    assert [cell.strip() for cell in row.split("|")[2:-1]] == ["≤ 1 s", "0.9 (0.8 to 1.50) s", "", "yes"]


def test_row_is_not_reached_by_one_shape_alone():
    both = results(a_burst(), a_burst(subject="grown", last_ms=1200), ours=("embedded", "grown"))
    both["subjects"] = {"embedded": "Punctual", "grown": "Punctual, grown"}
    assert "| NO" in table.show(both)


def test_every_line_has_a_name_of_its_own():
    assert len(lines.BY_NAME) == len(lines.ALL)


def test_watch_sees_what_is_added_and_only_its_kind(tmp_path):
    log = tmp_path / "log"
    watch = record.Watch(log, range(1, 4))
    for kind, number in (("S", 1), ("E", 2), ("S", 3), ("S", 9)):
        record.note(str(log), kind, number)
    assert watch.look() == 1
    record.note(str(log), "S", 2)
    assert (watch.look(), sorted(record.read(log)), sorted(record.read(log, "E"))) == (0, [1, 2, 3, 9], [2])


def test_chart_is_an_image_with_a_point_for_each_value():
    chart = curves.draw("A < B", ("rows", "ms"), {"one": [(1000, 1.5), (1_000_000, 2.5)], "two": [(1000, 9)]})
    root = ElementTree.fromstring(chart)
    circles = root.findall("{http://www.w3.org/2000/svg}circle")
    assert (root.get("aria-label"), len(circles), ">1 M<" in chart) == ("A < B", 3, True)


def test_table_names_the_dearest_page_and_the_one_that_grows_most():
    few = {"line": "pages", "rows": 10_000, "pages": {"queue": 40.0, "bell": 2.0}}
    many = {"line": "pages", "rows": 1_000_000, "pages": {"queue": 42.0, "bell": 3.0}}
    told = [line.split("|")[3].strip() for line in table.show(results(many, few)).splitlines()[2:4]]
    assert told == ["queue: 40, 42 ms (1.05 x)", "bell: 2, 3 ms (1.50 x)"]
