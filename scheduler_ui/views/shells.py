from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.models import Membership
from scheduler_ui.views import boards
from scheduler_ui.views.members import WORKSPACE_KEY, member_required


@boards.quiet
@require_GET
@member_required
def show(request: HttpRequest) -> HttpResponse:
    """The banners ask for this by themselves; the other parts of the shell come with them."""
    return render(request, "shell/_all.html")


@require_POST
@member_required
def open_workspace(request: HttpRequest, public_id: str) -> HttpResponse:
    """A person of several workspaces turns to another of theirs."""
    get_object_or_404(Membership, user=request.user, workspace__public_id=public_id)
    request.session[WORKSPACE_KEY] = public_id
    return redirect("/")
