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
from tests.bench.stacks import Embedded
from tests.rig import processes

LINES = {"lateness": 500, "burst": 1000, "drain": 5000}


def main() -> None:
    asked = _arguments()
    root = Path(tempfile.mkdtemp(prefix="punctual-bench-"))
    say(machine.describe(root))
    try:
        stack = Embedded(root)
        for _ in range(asked.runs):
            for line in asked.lines or LINES:
                say(f"{line}, {stack.name}: {json.dumps(measure(stack, line, asked))}")
    finally:
        if not asked.keep:
            shutil.rmtree(root, ignore_errors=True)


def measure(stack: Embedded, line: str, asked: argparse.Namespace) -> dict:
    with stack.fresh() as (folder, extra):
        options = Options(
            line,
            str(folder),
            posts=asked.posts or LINES[line],
            workers=asked.workers,
            threads=asked.threads,
            accounts=asked.accounts,
            answer_after=asked.answer_after,
            is_sampled=asked.profile,
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.ours", options.dump()],
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
    return json.loads(done.stdout.splitlines()[-1]) | {"spin_ms": round(machine.spin_ms(), 1)}


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("lines", nargs="*", choices=[[], *LINES], metavar="LINE", help=", ".join(LINES))
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--posts", type=int)
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--threads", type=int, default=16, help="threads of each")
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--answer-after", type=float, default=0.0, help="seconds that the network takes")
    parser.add_argument("--profile", action="store_true", help="print where the workers spend their time")
    parser.add_argument("--keep", action="store_true", help="leave the folder with its databases and logs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
