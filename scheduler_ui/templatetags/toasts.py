from django import template
from django.contrib.messages.storage.base import Message

from scheduler_ui.views.toasts import UNDO

register = template.Library()


@register.filter
def undo_url(message: Message) -> str:
    """Where a message's Undo button posts to, or ''."""
    tags = message.extra_tags or ""
    return tags.removeprefix(UNDO) if tags.startswith(UNDO) else ""
