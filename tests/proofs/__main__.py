"""The state machine, many times over: `python -m tests.proofs [RUNS [SEED]]`, one process for each core.

The seed is printed; given again, with as many cores, it repeats the run.
"""

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORES = min(max(os.cpu_count() or 1, 1), 4)
TEST = "tests/proofs/test_state_machine.py"


def main(runs: int, seed: int) -> int:
    sys.stdout.write(f"{runs} runs in {CORES} processes, seed {seed}\n")
    sys.stdout.flush()
    with ThreadPoolExecutor(CORES) as pool:
        done = list(pool.map(lambda number: _run(-(-runs // CORES), seed + number), range(CORES)))
    for process in done:
        sys.stdout.write(process.stdout[-20_000:])
    failed = sum(process.returncode != 0 for process in done)
    sys.stdout.write(f"{len(done) - failed} passed, {failed} failed (seed {seed})\n")
    return min(failed, 1)


def _run(runs: int, seed: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--show-capture=no", TEST]
    command.append(f"--hypothesis-seed={seed}")
    told = os.environ | {"PROOF_RUNS": str(runs)}
    return subprocess.run(
        command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    sys.exit(main(*(given or [2000]), *([] if len(given) > 1 else [random.randrange(10**6)])))
