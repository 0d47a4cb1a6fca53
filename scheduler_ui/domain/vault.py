"""Secrets at rest: sealed with keys of their own, and bound to the one row that they belong to."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Tampered(Exception):
    """What is stored was not sealed by us, not for this row, or under a key that we no longer have."""


def seal(public_id: str, secrets: Mapping[str, Any]) -> str:
    """The secrets of the row `public_id` as text for the database; nothing to seal stays empty."""
    if not secrets:
        return ""
    plain = json.dumps({"row": public_id, "secrets": dict(secrets)})
    return _fernet(tuple(settings.TOKEN_KEYS)).encrypt(plain.encode()).decode()


def open(public_id: str, sealed: str) -> dict[str, Any]:
    """What was sealed for the row `public_id`. Raises Tampered."""
    if not sealed:
        return {}
    try:
        plain = json.loads(_fernet(tuple(settings.TOKEN_KEYS)).decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        # Neither the stored text nor the cause may reach a log.
        raise Tampered(f"The secrets of {public_id} cannot be read.") from None
    if plain["row"] != public_id:
        raise Tampered(f"The secrets of {public_id} belong to another row.")
    return dict(plain["secrets"])


def rotate(public_id: str, sealed: str) -> str:
    """The same secrets under the newest key. Raises Tampered."""
    return seal(public_id, open(public_id, sealed))


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
