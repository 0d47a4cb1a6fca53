"""What a delivery comes to for a person: the tab of the queue that it stands in, as a fact of its row."""

from django.db.models import Case, Q, TextChoices, Value, When
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models.states import MOVING, WAITING, Hold, Status


class Tab(TextChoices):
    UPCOMING = "upcoming", _("Upcoming")
    PUBLISHING = "publishing", _("Publishing")
    RETRYING = "retrying", _("Retrying")
    NEEDS_YOU = "needs_you", _("Needs you")
    FAILED = "failed", _("Failed")
    PUBLISHED = "published", _("Published")
    DRAFTS = "drafts", _("Drafts")
    CANCELED = "canceled", _("Canceled")


def tab_of_row() -> Case:
    """The first that is so; what is in the trash stands in none."""
    is_braked = Q(hold_reason__in=[Hold.BRAKE.value, Hold.REPEAT.value])
    return Case(
        When(hold_reason=Hold.DELETED.value, then=Value("")),
        When(is_braked, status__in=sorted(status.value for status in WAITING), then=Value(Tab.NEEDS_YOU.value)),
        When(status__in=sorted(status.value for status in MOVING), then=Value(Tab.PUBLISHING.value)),
        # A lost answer that Punctual itself is finding out about asks nothing of anybody yet.
        When(status=Status.UNCONFIRMED.value, due_at__isnull=False, then=Value(Tab.PUBLISHING.value)),
        # Too late, and the late policy said that nobody is to be asked.
        When(status=Status.MISSED.value, is_skipped=True, then=Value(Tab.CANCELED.value)),
        *(When(status=status.value, then=Value(tab.value)) for status, tab in _PLAIN.items()),
        default=Value(""),
    )


_PLAIN = {
    Status.DRAFT: Tab.DRAFTS,
    Status.SCHEDULED: Tab.UPCOMING,
    Status.RETRYING: Tab.RETRYING,
    Status.UNCONFIRMED: Tab.NEEDS_YOU,
    Status.MISSED: Tab.NEEDS_YOU,
    Status.FAILED: Tab.FAILED,
    Status.PUBLISHED: Tab.PUBLISHED,
    Status.CANCELED: Tab.CANCELED,
}
