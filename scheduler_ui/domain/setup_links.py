"""The link that makes the first user: good for one week, and only while there is no user."""

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner

from scheduler_ui.models import User

GOOD_FOR = timedelta(days=7)

_signer = TimestampSigner(salt="punctual.setup")


def is_needed() -> bool:
    return not User.objects.exists()


def token() -> str:
    return _signer.sign("operator").partition(":")[2]


def is_valid(given: str) -> bool:
    try:
        _signer.unsign(f"operator:{given}", max_age=GOOD_FOR)
    except BadSignature:
        return False
    return is_needed()
