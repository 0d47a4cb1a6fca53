"""A clock whose hands a test moves; resting lets its time pass, and no other time does."""

from collections.abc import Callable
from datetime import datetime

from scheduler_ui.engine import clock
from scheduler_ui.engine.timepiece import Clock


class Hands:
    def __init__(self, at: datetime):
        self.wall, self.steady = at.timestamp(), 1000.0
        self._surprise: Callable[[], object] | None = None

    def take_over(self, monkeypatch) -> None:
        monkeypatch.setattr(clock, "_clock", Clock(lambda: self.wall, lambda: self.steady))
        monkeypatch.setattr(clock, "_rest", self._rest)
        clock.now()

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def set_by(self, seconds: float) -> None:
        """What the machine's clock does when somebody sets it; the steady one does not."""
        self.wall += seconds

    def at_next_rest(self, surprise: Callable[[], object]) -> None:
        self._surprise = surprise

    def _rest(self, seconds: float) -> None:
        self.pass_by(seconds)
        surprise, self._surprise = self._surprise, None
        if surprise is not None:
            surprise()
