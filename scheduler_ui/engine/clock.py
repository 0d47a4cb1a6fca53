import time
from datetime import UTC, datetime

# A clock that is set while we sleep is noticed within one slice.
SLICE = 0.05


def now() -> datetime:
    return datetime.now(UTC)


def sleep_until(instant: datetime) -> None:
    """Return at or after `instant` by the wall clock, never before it."""
    while (left := (instant - now()).total_seconds()) > 0:
        time.sleep(min(left, SLICE))
