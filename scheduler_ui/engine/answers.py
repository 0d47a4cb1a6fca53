"""What is kept of each call to a platform: its outcome, its words, and where the post is."""

from datetime import datetime

from scheduler_ui.models import Attempt, Update
from scheduler_ui.platforms.outcomes import (
    Accepted,
    PlatformError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)

OUTCOMES = {
    Published: Attempt.Outcome.PUBLISHED,
    Accepted: Attempt.Outcome.ACCEPTED,
    Rejected: Attempt.Outcome.REJECTED,
    Unauthorized: Attempt.Outcome.UNAUTHORIZED,
    Unavailable: Attempt.Outcome.UNAVAILABLE,
    Unconfirmed: Attempt.Outcome.UNCONFIRMED,
}


def closing(
    attempt: Attempt,
    outcome: Published | Accepted | PlatformError,
    sent_at: datetime | None,
    now: datetime,
    next_at: datetime | None,
) -> Update:
    # A look-up has a moment of its own, not that of the send it asks about.
    sent_at = sent_at if attempt.kind == Attempt.Kind.SEND else None
    ended = {"ended_at": now, "sent_at": sent_at, "next_at": next_at}
    return Update(Attempt, attempt.pk, _kept(outcome) | ended)


def keep_late(attempt: Attempt, outcome: Published | Accepted | PlatformError) -> None:
    """Somebody else decides about the delivery by now, but this send is out: should another be out as well, both count.

    The outcome stays what it was when the lease went, for others have acted on it.
    """
    if isinstance(outcome, Published):
        said = {"answer": outcome.answer[:4000], "remote_id": outcome.remote_id[:300]}
        Attempt.objects.filter(pk=attempt.pk).update(**said)


def _kept(outcome: Published | Accepted | PlatformError) -> dict[str, str]:
    return {
        "outcome": next(value for cls, value in OUTCOMES.items() if isinstance(outcome, cls)),
        "error": str(outcome)[:500] if isinstance(outcome, PlatformError) else "",
        "answer": outcome.answer[:4000],
        "remote_id": outcome.remote_id[:300] if isinstance(outcome, Published) else "",
    }
