"""Who is asking, and for which workspace: every view of the signed-in pages starts here."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from scheduler_ui.models import Membership

WORKSPACE_KEY = "workspace"


def member_required(view: Callable) -> Callable:
    """Let signed-in members in, with `request.member` (its `user` and `workspace` loaded); others sign in first."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return _sign_in(request)
        request.member = member_of(request)
        return view(request, *args, **kwargs)

    return answer


def member_of(request: HttpRequest) -> Membership:
    """The membership in the workspace that the person last chose, else in their first. Raises Http404."""
    mine = request.memberships = list(request.user.memberships.select_related("workspace").order_by("pk"))
    chosen = request.session.get(WORKSPACE_KEY)
    for member in mine:
        member.user = request.user
        if member.workspace.public_id == chosen:
            return member
    if not mine:
        raise Http404("no workspace")
    return mine[0]


def _sign_in(request: HttpRequest) -> HttpResponse:
    if getattr(request, "htmx", False):
        # A redirect would be swapped into the region that asked.
        return HttpResponse(status=401, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
    return redirect_to_login(request.get_full_path())
