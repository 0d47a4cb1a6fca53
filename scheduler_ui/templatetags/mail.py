from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def is_mail_set() -> bool:
    return bool(settings.MAIL_IS_SET)
