"""The bench's own network: takes a post by writing one line to the log, as the peers' tasks do, and answers.

It stands for a platform whose own posts can be listed (LOOKUP): what it took is what its log tells.
"""

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind, Platform
from scheduler_ui.platforms.outcomes import Published
from tests.bench import record

LOG = os.environ.get("BENCH_LOG", "")
ANSWER_AFTER = float(os.environ.get("BENCH_ANSWER_AFTER", "0"))


class Bench(Platform):
    slug = "bench"
    name = "Bench"
    kind = Kind.LOOKUP
    max_length = 500

    def publish(self, payload: Mapping[str, Any], key: str) -> Published:
        number = _number(payload)
        record.note(LOG, "S", number)
        self.tools.sent()
        if ANSWER_AFTER:
            time.sleep(ANSWER_AFTER)
            record.note(LOG, "E", number)
        return Published(f"bench-{number}", answer="201 Created")

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        number = _number(payload)
        return Published(f"bench-{number}") if number in record.read(Path(LOG)) else None


def join() -> None:
    """Make it one of the platforms of this process."""
    registry.PLATFORMS[Bench.slug] = Bench


def _number(payload: Mapping[str, Any]) -> int:
    return int(str(payload["text"]).rsplit(" ", 1)[1])
