from django import template
from django.utils.translation import gettext as _

from scheduler_ui.models import WAITING, Delivery, Hold, Status

register = template.Library()

ICONS = {
    Status.DRAFT: "circle-dashed",
    Status.SCHEDULED: "clock",
    Status.PUBLISHING: "loader",
    Status.PROCESSING: "hourglass",
    Status.PUBLISHED: "check",
    Status.RETRYING: "rotate-ccw",
    Status.UNCONFIRMED: "circle-question-mark",
    Status.FAILED: "triangle-alert",
    Status.MISSED: "calendar-x",
    Status.CANCELED: "ban",
}


@register.filter
def status_icon(status: str) -> str:
    return ICONS[Status(status)]


@register.filter
def status_label(status: str) -> str:
    return str(Status(status).label)


@register.filter
def held_label(delivery: Delivery) -> str:
    """What is laid over the badge: paused by somebody, or held for a reason that its page tells."""
    return _("Paused") if delivery.hold_reason == Hold.PAUSED else _("Held")


@register.filter
def is_held(delivery: Delivery) -> bool:
    """Whether a hold keeps it from going out: one that has started or ended has nothing to be kept from."""
    return bool(delivery and delivery.hold_reason and delivery.status in WAITING)
