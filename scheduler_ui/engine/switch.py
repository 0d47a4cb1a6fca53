from django.conf import settings

from scheduler_ui.models import Installation


def is_publishing_on() -> bool:
    """Whether anything may go out: the environment stands over the button."""
    if settings.SCHEDULING_ENABLED is not None:
        return bool(settings.SCHEDULING_ENABLED)
    enabled = Installation.objects.filter(pk=1).values_list("scheduling_enabled", flat=True).first()
    return enabled is not False
