"""What the rehearsal network asks of whoever keeps what arrives there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class RehearsalLog(Protocol):
    """Where the rehearsal network keeps what arrived; injected, for platforms know no database."""

    def add(self, account: str, key: str, text: str, behaviour: str, *, is_accepted: bool) -> str: ...

    def find(self, account: str, key: str) -> str | None: ...

    def recent(self, account: str, since: datetime) -> Iterable[tuple[str, str, datetime]]: ...

    def count(self, account: str, behaviour: str) -> int: ...
