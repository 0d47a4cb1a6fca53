"""Whether anything may go out at all: the environment stands over the button."""

import time

from django.conf import settings

from scheduler_ui.engine.numbers import span
from scheduler_ui.models import Installation

# (monotonic moment of the look, what it found): every delivery of a burst asks.
_seen: tuple[float, bool] | None = None


def is_publishing_on() -> bool:
    """The button's state, at most one tick old."""
    global _seen
    if settings.SCHEDULING_ENABLED is not None:
        return bool(settings.SCHEDULING_ENABLED)
    if _seen is None or time.monotonic() - _seen[0] > span("tick").total_seconds():
        enabled = Installation.objects.filter(pk=1).values_list("scheduling_enabled", flat=True).first()
        _seen = (time.monotonic(), enabled is not False)
    return _seen[1]


def forget() -> None:
    """Look again at the next question."""
    global _seen
    _seen = None
