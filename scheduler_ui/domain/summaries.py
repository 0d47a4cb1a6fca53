"""What a card says of a post, which has no status of its own: one derived from its deliveries."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from scheduler_ui.models import Status

# What a person must act on weighs most, then what the machine does now, then what waits, then what is over.
WEIGHT = (
    Status.UNCONFIRMED,
    Status.FAILED,
    Status.MISSED,
    Status.RETRYING,
    Status.PUBLISHING,
    Status.PROCESSING,
    Status.SCHEDULED,
    Status.DRAFT,
    Status.PUBLISHED,
    Status.CANCELED,
)
_RANK = {str(status): rank for rank, status in enumerate(WEIGHT)}
_LABELS = {str(status): status.label for status in Status}


@dataclass(frozen=True)
class Summary:
    """The status whose icon and colour a card wears, and what it says in words ("2 of 3 published")."""

    status: str
    words: str


def summarise(statuses: Collection[str]) -> Summary:
    """A post without deliveries is a draft; of several, canceled ones count only when all are."""
    counted = [status for status in statuses if status != Status.CANCELED] or list(statuses) or [Status.DRAFT.value]
    counts = Counter(str(status) for status in counted)
    heaviest = min(counts, key=_RANK.__getitem__)
    if len(counts) == 1:
        return Summary(heaviest, str(_LABELS[heaviest]))
    told = Status.PUBLISHED.value if Status.PUBLISHED in counts else heaviest
    words = _share(told, counts[told], len(counted))
    if told != heaviest:
        words = _("%(share)s, %(count)d %(status)s") % {
            "share": words,
            "count": counts[heaviest],
            "status": str(_LABELS[heaviest]).lower(),
        }
    return Summary(heaviest, words)


def _share(status: str, count: int, total: int) -> str:
    words = {"count": count, "total": total, "status": str(_LABELS[status]).lower()}
    return _("%(count)d of %(total)d %(status)s") % words
