from django import template
from django.contrib.messages.storage.base import Message

register = template.Library()

UNDO = "undo:"


@register.filter
def undo_url(message: Message) -> str:
    """Where a message's Undo button posts to, or ''."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""
