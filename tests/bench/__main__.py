"""`make bench`: one table, this program beside its peers, in one run."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import machine
from tests.bench.options import Options
from tests.bench.stacks import SHAPES, Stack
from tests.rig import processes

LINES = {"lateness": 500, "burst": 1000, "drain": 5000, "sizes": 0, "polls": 0}
PROGRAMS = {"sizes": "sizes", "polls": "tabs"}
SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    asked = _arguments()
    root = Path(tempfile.mkdtemp(prefix="punctual-bench-"))
    say(machine.describe(root))
    try:
        stacks = [SHAPES[name](root) for name in asked.shape or SHAPES]
        for _ in range(asked.runs):
            for line in asked.lines or LINES:
                for stack in stacks:
                    say(f"{line}, {stack.name}: {json.dumps(measure(stack, line, asked))}")
        for stack in stacks:
            stack.close()
    finally:
        if not asked.keep:
            shutil.rmtree(root, ignore_errors=True)


def measure(stack: Stack, line: str, asked: argparse.Namespace) -> dict:
    with stack.fresh() as (folder, extra):
        options = Options(
            line,
            str(folder),
            posts=asked.posts or LINES[line],
            workers=asked.workers,
            threads=asked.threads,
            accounts=asked.accounts,
            answer_after=asked.answer_after,
            sizes=tuple(asked.sizes or SIZES),
            is_sampled=asked.profile,
        )
        done = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{PROGRAMS.get(line, 'ours')}", options.dump()],
            cwd=processes.ROOT,
            env=processes.environment(folder, **extra),
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        for report in sorted(folder.glob("samples-*.txt")):
            say(report.read_text())
    if done.returncode:
        raise SystemExit(f"{line} could not be measured: {done.stderr[-3000:]}")
    rows = [json.loads(row) for row in done.stdout.splitlines()]
    return {"rows": rows, "spin_ms": round(machine.spin_ms(), 1)}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("lines", nargs="*", choices=[[], *LINES], metavar="LINE", help=", ".join(LINES))
    parser.add_argument("--shape", choices=SHAPES, action="append", help="again for both (the default)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--posts", type=int)
    parser.add_argument("--sizes", type=int, nargs="*")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--threads", type=int, default=16, help="threads of each")
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--answer-after", type=float, default=0.0, help="seconds that the network takes")
    parser.add_argument("--profile", action="store_true", help="print where the workers spend their time")
    parser.add_argument("--keep", action="store_true", help="leave the folder with its databases and logs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
