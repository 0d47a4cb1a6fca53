"""The one switch for all publishing."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, scenes
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Installation, Workspace


def switch_publishing(is_on: bool) -> None:
    """Turn the button. Raises Refused while the environment decides."""
    _refuse_fixed()
    with transaction.atomic():
        Installation.objects.update_or_create(pk=1, defaults={"scheduling_enabled": is_on})
        for workspace_id in Workspace.objects.values_list("pk", flat=True):
            boards.touch(workspace_id)


def refuse_unless_off() -> None:
    """Whoever asks about what waits behind the switch must find it off. Raises Refused."""
    _refuse_fixed()
    if scenes.machine().is_on:
        raise Refused(_("Publishing is on already. Nothing was changed."))


def _refuse_fixed() -> None:
    if settings.SCHEDULING_ENABLED is not None:
        raise Refused(_("SCHEDULING_ENABLED in the environment decides this."))
