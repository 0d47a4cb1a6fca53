"""How a call to a platform can end: two answers, four errors, and a refusal to connect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scheduler_ui.platforms.answers import LONGEST_WAIT


@dataclass(frozen=True)
class Published:
    """It is out. `answer` is the platform's own words."""

    remote_id: str
    url: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Accepted:
    """Taken, public later: ask again with `handle` after `check_after`."""

    handle: Mapping[str, Any]
    check_after: timedelta
    answer: str = ""


class PlatformError(Exception):
    """`str(error)` is a sentence for a person; `answer` the platform's own words (secrets masked)."""

    def __init__(self, sentence: str, answer: str = ""):
        super().__init__(sentence)
        self.answer = answer


class Rejected(PlatformError):
    """Refused as it stands: sending the same again cannot help."""


class Unauthorized(PlatformError):
    """The account must be connected again."""


class Expired(Unauthorized):
    """The session is over, surely nothing went out: refresh() once and go a second time within the same try."""


class Unavailable(PlatformError):
    """Surely nothing went out; `retry_after` where the platform says when to come back."""

    def __init__(
        self, sentence: str, answer: str = "", *, retry_after: timedelta | None = None, is_rate_limit: bool = False
    ):
        super().__init__(sentence, answer)
        # However long somebody asks us to wait: not for days.
        self.retry_after = min(retry_after, LONGEST_WAIT) if retry_after is not None else None
        self.is_rate_limit = is_rate_limit  # the whole account waits, and no try is counted


class Unconfirmed(PlatformError):
    """The answer was lost: it may be out."""


class ConnectError(Exception):
    """Connecting failed; `field` names the input to mend ('' = none in particular)."""

    def __init__(self, sentence: str, field: str = ""):
        super().__init__(sentence)
        self.field = field
