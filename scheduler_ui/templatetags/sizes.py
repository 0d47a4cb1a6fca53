from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def size(number: int) -> str:
    """`412 kB`, `6.2 MB`: a kB is a thousand bytes."""
    if number < 1_000_000:
        return _("%(number)s kB") % {"number": max(1, round(number / 1000))}
    return _("%(number)s MB") % {"number": f"{number / 1_000_000:.1f}"}


@register.filter
def minutes(seconds: float) -> str:
    """`0:14`, `12:05`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
