"""What is kept of an answer: how long to wait, and its words without secrets."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

LONGEST_WAIT = timedelta(hours=6)
DEFAULT_WAIT = timedelta(seconds=60)
SHORTEST_WAIT = timedelta(seconds=1)
MOST_KEPT = 4000  # bytes
MASK = "[masked]"
TOKEN = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?")


def retry_after(value: str | None, now: datetime) -> timedelta:
    """How long a 429 asks to wait, said in seconds or as an HTTP date: 1 s to 6 h, 60 s where it makes no sense."""
    wait = _seconds(value or "")
    wait = _until(value or "", now) if wait is None else wait
    if wait is None or wait < timedelta():
        return DEFAULT_WAIT
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, nor any signed token, nor what a database cannot hold; at most 4 kB."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for form in {secret, quote(secret, safe="")}:
            text = text.replace(form, MASK)
    text = TOKEN.sub(MASK, text).replace("\x00", "")
    return text.encode()[:MOST_KEPT].decode(errors="ignore")


def storable(found: Any) -> Any:
    """What was read from JSON, in which a string may hold what no database can: null characters, half characters."""
    if isinstance(found, str):
        return found.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(found, list):
        return [storable(part) for part in found]
    if isinstance(found, dict):
        return {storable(name): storable(part) for name, part in found.items()}
    return found


def _seconds(value: str) -> timedelta | None:
    """Whole seconds, and fractions as some servers say them."""
    if not re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", value):
        return LONGEST_WAIT if re.fullmatch(r"\s*\d{10,}\s*", value) else None
    return timedelta(seconds=float(value))


def _until(value: str, now: datetime) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
