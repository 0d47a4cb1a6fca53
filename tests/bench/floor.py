"""The floor of this machine: no queue, no durable state, only a thread that sleeps and does the work.

Run as `python -m tests.bench.floor OPTIONS`; prints one line of JSON.
"""

import json
import sys
import time
from pathlib import Path

from tests.bench import figures, record
from tests.bench.options import Options
from tests.bench.peers import work


def lateness(options: Options) -> dict:
    begin = time.time() + 1
    return _due({number: begin + number * 0.04 for number in range(1, options.posts + 1)})


def burst(options: Options) -> dict:
    return _due(dict.fromkeys(range(1, options.posts + 1), time.time() + 1))


def _due(dues: dict[int, float]) -> dict:
    work.make_posts(len(dues))
    work.row(0)
    for number, due in dues.items():
        if (left := due - time.time()) > 0:
            time.sleep(left)
        work.row(number)
    begun = record.read(Path(work.LOG))
    late = [(begun[number][0] - due) * 1000 for number, due in dues.items()]
    counts = {"lost": 0, "twice": 0, "early": sum(milliseconds < 0 for milliseconds in late)}
    return {"posts": len(dues)} | counts | figures.spread(late)


if __name__ == "__main__":
    asked = Options.read()
    sys.stdout.write(json.dumps({"lateness": lateness, "burst": burst}[asked.line](asked)) + "\n")
