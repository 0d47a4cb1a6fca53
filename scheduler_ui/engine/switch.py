"""Whether anything may go out at all: the environment stands over the button; and whether we are in restore mode."""

import time
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Installation


class Restored(NamedTuple):
    """`moment`: what the database knows of. `at`: when it became this installation's."""

    moment: datetime
    at: datetime


# (monotonic moment of the look, what it found): every delivery of a burst asks.
_seen: tuple[float, bool, Restored | None] | None = None


def is_publishing_on() -> bool:
    """The button's state, at most one tick old."""
    if settings.SCHEDULING_ENABLED is not None:
        return bool(settings.SCHEDULING_ENABLED)
    return _look()[1]


def restored() -> Restored | None:
    """Restore mode, at most one tick old; None while it is off."""
    return _look()[2]


def restored_now() -> Restored | None:
    """The same as it stands, and until the caller's transaction ends."""
    return _mode(Installation.objects.select_for_update(no_key=True).filter(pk=1).first())


def forget() -> None:
    """Look again at the next question."""
    global _seen
    _seen = None


def _look() -> tuple[float, bool, Restored | None]:
    global _seen
    if _seen is None or time.monotonic() - _seen[0] > span("tick").total_seconds():
        row = Installation.objects.filter(pk=1).first() or Installation()
        _seen = (time.monotonic(), row.scheduling_enabled, _mode(row))
    return _seen


def _mode(row: Installation | None) -> Restored | None:
    if row is None or row.restored_from is None:
        return None
    return Restored(row.restored_from, row.restored_at or row.restored_from)
