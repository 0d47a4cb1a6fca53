"""Times as one person reads them. The viewer is always named: `{{ delivery.scheduled_for|clock:viewer }}`."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.clocks import Clock, span_in_words
from scheduler_ui.models import User

register = template.Library()
MINUTE = timedelta(minutes=1)


@register.filter
def clock(moment: datetime, viewer: User) -> str:
    """`09:00`, or `9:00 am`."""
    return wall_clock.face(Clock.of(viewer).local(moment), viewer.clock)


@register.filter
def clock_seconds(moment: datetime, viewer: User) -> str:
    """`09:00:00`, or `9:00:00 am`."""
    return Clock.of(viewer).seconds(moment)


@register.filter
def clock_exact(moment: datetime, viewer: User) -> str:
    """`09:00:00.04`."""
    return Clock.of(viewer).exact(moment)


@register.filter
def day(moment: datetime, viewer: User) -> str:
    """`Friday 20 November`, with the year where it is another one."""
    return Clock.of(viewer).day(moment, timezone.now())


@register.filter
def daytime(moment: datetime, viewer: User) -> str:
    """`12:30` today, else `Friday 20 November, 12:30`."""
    return Clock.of(viewer).point(moment, timezone.now())


@register.filter
def ago(moment: datetime) -> str:
    """`4 min ago`."""
    return _("%(span)s ago") % {"span": _span(moment)}


@register.filter
def span(length: timedelta) -> str:
    """`42 min`."""
    return span_in_words(length)


@register.filter
def until(moment: datetime) -> str:
    """`in 4 min`, `now` when it has come, `4 min ago` when it has gone by."""
    left = moment - timezone.now()
    if left > timedelta():
        return _("in %(span)s") % {"span": _span(moment)}
    return ago(moment) if left <= -MINUTE else _("now")


@register.filter
def offset(zone: str) -> str:
    """How far a zone is from UTC now: `UTC+1`."""
    return wall_clock.offset_name(timezone.now(), str(zone))


def _span(moment: datetime) -> str:
    span = abs(moment - timezone.now())
    return _("%(number)s s") % {"number": span.seconds} if span.total_seconds() < 90 else span_in_words(span)
