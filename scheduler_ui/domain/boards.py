"""What a page that watches a workspace must know to tell whether anything on it has changed."""

from django.db.models import F

from scheduler_ui.models import Workspace


def touch(workspace_id: int) -> None:
    """Tell every open page of the workspace that something it shows has changed; call it in the writing transaction."""
    Workspace.objects.filter(pk=workspace_id).update(version=F("version") + 1)
