from datetime import datetime, timedelta

from django import template
from django.utils.translation import gettext as _

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.clocks import span_in_words

register = template.Library()


@register.filter
def city(zone: object) -> str:
    """The place that a zone is named for."""
    return wall_clock.city(str(zone))


@register.filter
def shift(ahead: timedelta) -> str:
    """How another zone's clocks stand to one's own: `1 h less on the clock`."""
    if not ahead:
        return _("the same on the clock now")
    words = {"span": span_in_words(ahead)}
    return (_("%(span)s more on the clock") if ahead > timedelta() else _("%(span)s less on the clock")) % words


@register.filter
def moved(ahead: timedelta) -> str:
    """Where an instant goes when its clock time is kept: clocks that are ahead are there sooner."""
    words = {"span": span_in_words(ahead)}
    return (_("%(span)s earlier") if ahead > timedelta() else _("%(span)s later")) % words


@register.filter
def nine_there(ahead: timedelta) -> str:
    """What the other zone's clocks show at nine in the morning here."""
    return f"{datetime(2000, 1, 2, 9) + ahead:%H:%M}"  # noqa: DTZ001 - a face of a clock, not a moment
