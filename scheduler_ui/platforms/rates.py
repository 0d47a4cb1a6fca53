"""How many posts a platform takes in a span of time."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Rate:
    """At most `limit` within any span of `per`, counted per "account" or per "network" (see Platform.network).

    Half of them may come at once, the other half one by one. That is what makes it hold for every span, wherever it
    begins: a burst, and what trickles in beside it.
    """

    scope: str
    limit: int
    per: timedelta

    @property
    def interval(self) -> timedelta:
        return self.per / max(self.limit - self.burst, 1)

    @property
    def burst(self) -> int:
        return max(self.limit // 2, 1)
