from django import template
from django.urls import reverse

from scheduler_ui.domain.actions import Action
from scheduler_ui.models import Delivery

register = template.Library()


@register.simple_tag
def delivery_address(delivery: Delivery, action: Action) -> str:
    """Where a decision about a delivery is posted."""
    return reverse(f"delivery_{action.value}", args=[delivery.public_id])
