"""`make bench`: one table, this program beside its peers, in one run, taking turns."""

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.bench import document, lines, machine, subjects, table
from tests.bench.lines import Line
from tests.bench.subjects import Subject
from tests.rig import processes

SIDE_BY_SIDE = 4


def main() -> None:
    asked = _arguments()
    processes.end_in_order()
    with _root(asked.keep) as root:
        run = Run(asked, root)
        try:
            run.everything()
        finally:
            for subject in run.subjects:
                subject.close()
    results = run.results()
    say(table.show(results))
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n")
    if asked.document:
        document.write(results)
    sys.exit(table.broken(results))


class Run:
    """One run of the bench: `rows` is what each line gave for each subject, in the order of the runs."""

    def __init__(self, asked: argparse.Namespace, root: Path):
        self._asked, self._root = asked, root
        self.subjects = _subjects(asked)
        self.lines = _lines(asked)
        self.rows: list[dict] = []
        self._flush = [machine.flush_ms(root)]
        self._began = time.monotonic()
        if any(isinstance(subject, subjects.Peer) for subject in self.subjects):
            subjects.install_peers()

    def everything(self) -> None:
        """The subjects take turns within each line and run, so that a machine's slow drift meets all of them."""
        say(machine.describe(self._root))
        for number in range(self._asked.runs):
            for line in self.lines:
                if number == 0 or not line.once:
                    self._line(line, number)
        self._flush.append(machine.flush_ms(self._root))

    def results(self) -> dict:
        flush = [round(part, 3) for pair in self._flush for part in pair]
        minutes = round((time.monotonic() - self._began) / 60, 1)
        titles = {subject.name: subject.title for subject in self.subjects}
        about = {"machine": machine.facts(), "flush_ms": flush, "minutes": minutes, "runs": self._asked.runs}
        return about | {"subjects": titles, "ours": [s.name for s in self.subjects if s.is_ours], "rows": self.rows}

    def _line(self, line: Line, number: int) -> None:
        taking_part = line.subjects(self.subjects)
        together = SIDE_BY_SIDE if line.is_count or self._asked.quick else 1
        with ThreadPoolExecutor(together) as pool:
            for rows in pool.map(partial(self._measure, line, number), taking_part):
                self.rows += rows

    def _measure(self, line: Line, number: int, subject: Subject) -> list[dict]:
        spin = machine.spin_ms()
        with subject.place(self._root) as place:
            options = replace(line.options, folder=str(place.folder), servers=place.servers)
            options = replace(options, is_sampled=self._asked.profile, **_own(self._asked))
            environment = {"BENCH_LOG": str(options.log), "BENCH_ANSWER_AFTER": str(options.answer_after)}
            done = subprocess.run(
                subject.command(options),
                cwd=processes.ROOT,
                env=subject.environment(place) | environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=3600,
            )
            for report in sorted(place.folder.glob("samples-*.txt")):
                say(report.read_text())
        found = rows_of(subject, done)
        say(f"{line.name}, {subject.title}: " + "; ".join(json.dumps(row) for row in found))
        about = {"line": line.name, "subject": subject.name, "run": number, "spin_ms": round(spin, 1)}
        return [about | row for row in found]


def rows_of(subject: Subject, done: subprocess.CompletedProcess[str]) -> list[dict]:
    """What a measure printed, and that it failed where it did: with nothing to show, or half way through."""
    found = [json.loads(row) for row in done.stdout.splitlines() if row.startswith("{")]
    # A peer ends itself with SIGKILL once it has printed its row.
    has_died = done.returncode and not isinstance(subject, subjects.Peer)
    if has_died or not found:
        found.append({"failed": f"it ended with {done.returncode}. {done.stderr.strip()[-1500:]}"})
    return found


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _root(is_kept: bool) -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="punctual-bench-"))
    try:
        yield root
    finally:
        if not is_kept:
            shutil.rmtree(root, ignore_errors=True)


def _subjects(asked: argparse.Namespace) -> list[Subject]:
    known: list[Subject] = [*map(subjects.Ours, subjects.SHAPES), subjects.Floor(), *subjects.SOME_PEERS]
    if asked.quick:
        known = known[:3]
    if asked.full or asked.only:
        known += subjects.MORE_PEERS
    return [subject for subject in known if not asked.only or subject.name in asked.only]


def _lines(asked: argparse.Namespace) -> list[Line]:
    chosen = [lines.BY_NAME[name] for name in asked.lines] or list(lines.ALL)
    if asked.quick:
        return [lines.quick(line) for line in chosen if line.name in lines.QUICK]
    if asked.full:
        return [lines.full(line) for line in chosen]
    return chosen


def _own(asked: argparse.Namespace) -> dict:
    """What the command line says instead of the line."""
    names = ("posts", "workers", "threads", "accounts", "answer_after", "sizes", "seconds")
    return {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("lines", nargs="*", metavar="LINE", help=", ".join(lines.BY_NAME))
    parser.add_argument(
        "--only", "--shape", action="append", metavar="SUBJECT", help="embedded, grown, floor, celery_eta, …"
    )
    parser.add_argument("--runs", type=int, help="how often each is measured; 2, or 1 where lines are named")
    parser.add_argument("--quick", action="store_true", help="less of everything, for CI; no timing counts")
    parser.add_argument("--full", action="store_true", help="all peers, ten million rows: an hour")
    parser.add_argument("--profile", action="store_true", help="print where the workers spend their time")
    parser.add_argument("--keep", action="store_true", help="leave the folder with its databases and logs")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    parser.add_argument("--document", action="store_true", help="write docs/performance.md's table and its curves")
    for name in ("posts", "workers", "threads", "accounts"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--answer-after", type=float, help="seconds that the network takes")
    parser.add_argument("--seconds", type=float, help="how long to look at an idle stack")
    parser.add_argument("--sizes", type=int, nargs="*")
    asked = parser.parse_args()
    if unknown := set(asked.lines) - set(lines.BY_NAME):
        parser.error(f"no such line: {', '.join(unknown)}")
    asked.runs = asked.runs or (1 if asked.lines or asked.quick else 2)
    return asked


if __name__ == "__main__":
    main()
