"""Pausing a whole workspace: what waits in it keeps its time and is held; what is saved meanwhile is held too."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, holds
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import User, Workspace


def pause(workspace: Workspace, actor: User, now: datetime) -> int:
    """Hold everything that waits; tell how many deliveries wait now. Raises Refused when it is paused already."""
    with transaction.atomic():
        _lock_accounts(workspace)
        # Its deliveries before its own row, as the workers do it: nobody waits in a circle.
        workspace.is_paused = True
        changed = holds.put_for_workspace(workspace)
        running = Workspace.objects.filter(pk=workspace.pk, is_paused=False)
        if running.update(is_paused=True, paused_at=now, paused_by=actor) != 1:
            raise Refused(_("The workspace is paused already."))
        _tell(workspace)
        return changed


def resume(workspace: Workspace) -> int:
    """Let what waits go out again, but what its account holds; what is too late is for the late policy to judge."""
    with transaction.atomic():
        _lock_accounts(workspace)
        Workspace.objects.filter(pk=workspace.pk).update(is_paused=False, paused_at=None, paused_by=None)
        workspace.is_paused = False
        changed = holds.put_for_workspace(workspace)
        _tell(workspace)
        return changed


def _lock_accounts(workspace: Workspace) -> None:
    """Whoever arms a delivery holds its account's row until it has read the workspace's (arming.rearm)."""
    list(workspace.accounts.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _tell(workspace: Workspace) -> None:
    workspace.refresh_from_db(fields=["is_paused", "paused_at", "paused_by"])
    boards.touch(workspace.pk)
