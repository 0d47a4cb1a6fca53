"""What a person may do with a delivery or a post, by how it stands."""

from collections.abc import Collection

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain.holds import BRAKES
from scheduler_ui.models import MOVING, STARTED, WAITING, Delivery, Status


class Action(TextChoices):
    """The value is the last part of its address, and of its form's name."""

    NOW = "now", _("Publish now")
    ANYWAY = "anyway", _("Send it anyway")
    RETRY = "retry", _("Retry")
    RESCHEDULE = "reschedule", _("Reschedule")
    CANCEL = "cancel", _("Cancel")
    DROP = "drop", _("Drop")
    THERE = "there", _("It is there")
    ABSENT = "absent", _("It is not there: send again")
    DELETE = "delete", _("Delete")

    @property
    def icon(self) -> str:
        return _ICONS[self]


_ICONS = {
    Action.NOW: "send",
    Action.ANYWAY: "send",
    Action.RETRY: "rotate-ccw",
    Action.RESCHEDULE: "clock",
    Action.CANCEL: "ban",
    Action.DROP: "ban",
    Action.THERE: "check",
    Action.ABSENT: "rotate-ccw",
    Action.DELETE: "trash-2",
}
# The first is the one that a row offers without a menu.
_BY_STATUS = {
    Status.SCHEDULED: (Action.NOW, Action.RESCHEDULE, Action.CANCEL),
    Status.RETRYING: (Action.NOW, Action.RESCHEDULE, Action.CANCEL),
    Status.FAILED: (Action.RETRY, Action.RESCHEDULE, Action.DROP),
    Status.MISSED: (Action.NOW, Action.RESCHEDULE, Action.DROP),
    Status.CANCELED: (Action.RESCHEDULE, Action.NOW),
    Status.UNCONFIRMED: (Action.THERE, Action.ABSENT),
}


def of_delivery(delivery: Delivery) -> tuple[Action, ...]:
    """What may be done with one delivery; a worker may still be faster, and then it is refused in words."""
    if delivery.hold_reason in BRAKES and delivery.status in WAITING:
        return (Action.ANYWAY, Action.RESCHEDULE, Action.DROP)
    return _BY_STATUS.get(Status(delivery.status), ())


def can_edit(statuses: Collection[str]) -> bool:
    """Whether a post's text may still change: nothing of it has started."""
    return not set(statuses) & STARTED


def can_delete(statuses: Collection[str]) -> bool:
    return not set(statuses) & MOVING


def can_cancel(statuses: Collection[str]) -> bool:
    """Whether anything of a post still waits."""
    return bool(set(statuses) & WAITING)
