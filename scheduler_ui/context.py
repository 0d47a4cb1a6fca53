"""What every template may ask for besides what its view gives: the shell around the page."""

from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from scheduler_ui.domain import shells
from scheduler_ui.models import Workspace
from scheduler_ui.views import boards
from scheduler_ui.views.members import member_of

# Pages that stand under another name in the navigation.
NAMED = {"trash": "queue"}


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": SimpleLazyObject(lambda: Around(request)), "viewer": getattr(request, "user", None)}


class Around:
    """The shell of one request, read when a template asks: a fragment never does, so it costs nothing there."""

    def __init__(self, request: HttpRequest):
        self._request = request
        if not hasattr(request, "member"):
            request.member = _member(request)
        self._shell = shells.look(request.member, timezone.now()) if request.member else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shell, name)

    def __bool__(self) -> bool:
        return self._shell is not None

    @property
    def section(self) -> str:
        """The first part of the page's address; a poll asks for the page that it stands on."""
        path = self._request.path
        if getattr(self._request, "htmx", False):
            path = self._request.htmx.current_url_abs_path or path
        first = path.split("?")[0].strip("/").split("/")
        return NAMED.get(first[0], "/".join(first[:2]) if first[0] == "posts" else first[0])

    @property
    def other_workspaces(self) -> list[Workspace]:
        return [member.workspace for member in self._request.memberships if member != self._request.member]

    @property
    def poll(self) -> boards.Poll | str:
        # Somebody without a workspace has nothing to watch, but the page that says so.
        return boards.poll_elsewhere(self._request, reverse("shell")) if self else ""


def _member(request: HttpRequest):
    try:
        return member_of(request)
    except Http404:
        return None
