"""One printed line per fault and shape, and the same as JSON and Markdown."""

import statistics
from collections.abc import Sequence
from typing import Any

from tests.faults.scheduling import Job

COUNTS = ("lost", "twice", "early")
HEAD = ("row", "shape", "n", "lost", "twice", "asked", "early", "late p50", "late p99", "recovery", "", "fault")
LINE = "{:>3}  {:<8} {:>6} {:>5} {:>5} {:>6} {:>5} {:>9} {:>9} {:>9}  {:<4} {}"


def merged(jobs: Sequence[Job]) -> dict[str, Any]:
    """The parts of one row on one shape as one result."""
    row = jobs[0].row
    found: dict[str, Any] = {"row": row.number, "fault": row.title, "shape": jobs[0].shape}
    all_figures = [job.figures for job in jobs]
    found |= {name: sum(figures.get(name, 0) for figures in all_figures) for name in ("n", "asked")}
    found |= {name: sum(len(figures.get(name, [])) for figures in all_figures) for name in COUNTS}
    late = sorted(seconds for figures in all_figures for seconds in figures.get("lateness", []))
    found |= {"late_p50_s": quantile(late, 0.5), "late_p99_s": quantile(late, 0.99)}
    found["recovery_s"] = _slowest_of_each(all_figures)
    found["complaints"] = [
        f"{job.part}: {words}" if job.part else words for job in jobs for words in job.figures["complaints"]
    ]
    found["seconds"] = max(job.seconds for job in jobs)
    found["cpu_s"] = round(sum(figures.get("cpu_s", 0) for figures in all_figures), 1)
    found["logs"] = [job.figures["log"] for job in jobs if "log" in job.figures]
    return found


def trouble(job: Job) -> str:
    """One job's complaints, as soon as there are any."""
    name = " ".join(str(word) for word in (job.row.number, job.shape, job.part, f"round {job.round + 1}") if word)
    return "\n".join(f"{'':>15}{name}: {words}" for words in job.figures["complaints"])


def _slowest_of_each(all_figures: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """By label; never (None) is the slowest."""
    slowest: dict[str, float | None] = {}
    for label, seconds in ((k, v) for figures in all_figures for k, v in figures.get("recovery", {}).items()):
        before = slowest.get(label, 0.0)
        slowest[label] = None if seconds is None or before is None else max(seconds, before)
    return slowest


def quantile(values: Sequence[float], part: float) -> float | None:
    if len(values) < 2:
        return round(values[0], 4) if values else None
    return round(statistics.quantiles(values, n=1000, method="inclusive")[round(part * 1000) - 1], 4)


def line(found: dict[str, Any]) -> str:
    """A result as printed; what it complains of follows on lines of its own."""
    verdict = "FAIL" if found["complaints"] else "ok"
    cells = [found["row"], found["shape"], *(found[name] for name in ("n", "lost", "twice", "asked", "early"))]
    cells += [_time(found["late_p50_s"]), _time(found["late_p99_s"]), _slowest(found["recovery_s"])]
    words = [f"{'':>15}{complaint}" for complaint in found["complaints"]]
    return "\n".join([LINE.format(*cells, verdict, found["fault"]), *words])


def head() -> str:
    return LINE.format(*HEAD)


def table(results: Sequence[dict[str, Any]]) -> str:
    """Markdown, one line per row and shape."""
    names = ("row", "fault", "shape", "n", "lost", "twice", "asked", "early", "late p50", "late p99", "recovery", "")
    names = (*names, "played", "version", "cores")
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    for found in results:
        cells = [str(found[name]) for name in ("row", "fault", "shape", "n", "lost", "twice", "asked", "early")]
        cells += [_time(found["late_p50_s"]), _time(found["late_p99_s"]), _slowest(found["recovery_s"])]
        cells.append("; ".join(found["complaints"]) or "passed")
        cells += [found.get("at", "-")[:10], found.get("version", "-"), found.get("cores", "-")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _slowest(recovery: dict[str, float | None]) -> str:
    if not recovery:
        return "-"
    return "never" if None in recovery.values() else _time(max(value or 0 for value in recovery.values()))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"
