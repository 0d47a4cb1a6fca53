from django import template
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models import RehearsalArrival

register = template.Library()

DID = {
    "accept": _("Accepted"),
    "delay": _("Accepted, answered late"),
    "process": _("Accepted, published later"),
    "refuse": _("Refused"),
    "429": _("429: asked to wait"),
    "500_before": _("500, nothing accepted"),
    "500_after": _("Accepted, then 500"),
    "lost": _("Accepted, answer lost"),
    "silence": _("Said nothing"),
    "unauthorized": _("Did not let us in"),
    "repeated": _("Known already: kept one"),
}


@register.filter
def did(arrival: RehearsalArrival) -> str:
    """What the network did with an arrival, in words."""
    return str(DID.get(arrival.behaviour, arrival.behaviour))


@register.filter
def outcome_tone(arrival: RehearsalArrival) -> str:
    if arrival.behaviour == "repeated":
        return "b-info"
    return "b-ok" if arrival.is_accepted else "b-warn"


@register.filter
def outcome_icon(arrival: RehearsalArrival) -> str:
    if arrival.behaviour == "repeated":
        return "copy-check"
    return "check" if arrival.is_accepted else "x"
