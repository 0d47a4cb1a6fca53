from django import template
from django.utils.translation import gettext as _

from scheduler_ui.models import RehearsalArrival
from scheduler_ui.platforms.rehearsal import BEHAVIOURS, REPEATED

register = template.Library()


@register.filter
def did(arrival: RehearsalArrival) -> str:
    """What the network did with an arrival, in words."""
    if arrival.behaviour == REPEATED:
        return _("Known already: kept one")
    return _(dict(BEHAVIOURS).get(arrival.behaviour, arrival.behaviour))
