from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def thousands(number: int) -> str:
    """`12,406`, grouped as the language does."""
    return number_format(number, force_grouping=True)


@register.filter
def up_to(number: int, most: int) -> str:
    """The same of what was counted no further than that: `10,000+`."""
    return f"{thousands(most)}+" if number >= most else thousands(number)
