"""The long run's memory: docs/soak.json and docs/soak.md hold the last result of every row, whenever that was."""

import json
import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tests.faults import report
from tests.faults.scheduling import Job
from tests.rig.processes import ROOT

JSON, PAGE = ROOT / "docs" / "soak.json", ROOT / "docs" / "soak.md"
WORDS = """# The soak: the fault table in real time

`make soak` plays every row of `make faults` with the program's real time constants and ten times as many posts, on both
shapes. It may be stopped and goes on with the rows whose result is the oldest; `MINUTES=60 make soak` begins no row
after an hour. Below is the last result of each row. *Lost* is due, not out and nobody told; *twice* is more than one
post on the network per delivery; *early* is before its second; all three by the network's own log. *Recovery* is from
the fault's end to the last affected post in a final or visible state. Rows may be of different days: *played* is the
day (UTC), *version* the commit (+: with changes), *cores* how busy rows beside each other were allowed to keep the
machine, of how many it has. What is not known of an old result is a dash.

"""


@cache
def version() -> str:
    """The commit that is played, with a plus where the tree differs from it; a dash where none is known."""
    git = ("git", "-C", str(ROOT))
    try:
        commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changes = [*git, "status", "--porcelain", "--", ".", ":!docs"]
        return commit.stdout.strip() + "+" * bool(subprocess.run(changes, capture_output=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        return "-"


def keep(found: dict[str, Any]) -> None:
    """Put one result in its place at once: a run that is stopped loses nothing."""
    results = _results()
    kept = {name: value for name, value in found.items() if name != "logs"}
    results[_key(found)] = kept | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    ordered = sorted(results.values(), key=lambda one: (one["row"], one["shape"]))
    JSON.write_text(json.dumps(ordered, indent=1) + "\n")
    PAGE.write_text(WORDS + report.table(ordered))


def oldest_first(jobs: list[Job]) -> list[Job]:
    """What has never run, then what ran longest ago."""
    results = _results()
    return sorted(jobs, key=lambda job: results.get(f"{job.row.number} {job.shape}", {}).get("at", ""))


def _results() -> dict[str, dict[str, Any]]:
    return {_key(found): found for found in json.loads(JSON.read_text())} if JSON.exists() else {}


def _key(found: dict[str, Any]) -> str:
    return f"{found['row']} {found['shape']}"
