"""The trash: what was deleted in the last 30 days, and its way back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduler_ui.domain import pages, trash
from scheduler_ui.domain.pages import Place
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Post
from scheduler_ui.views import boards
from scheduler_ui.views.answers import acted
from scheduler_ui.views.members import member_required
from scheduler_ui.views.toasts import toast


@boards.quiet
@require_GET
@member_required
def index(request: HttpRequest) -> HttpResponse:
    poll = boards.poll(request)
    posts = trash.posts_in(request.member.workspace)
    place = Place.beside(posts, pages.ends(request.GET), trash.LATEST_FIRST)
    page = pages.read(posts.prefetch_related("deliveries__account"), place)
    rows = [(post, post.deleted_at + trash.KEPT) for post in page.rows]
    context = {"poll": poll, "page": page, "rows": rows}
    return render(request, "trash/_list.html" if poll.is_asking else "trash/page.html", context)


@require_POST
@member_required
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    post = _find(request, public_id)
    try:
        trash.restore(post, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("It is back."))
    return acted(request, reverse("trash"))


@require_http_methods(["GET", "POST"])
@member_required
def destroy(request: HttpRequest, public_id: str) -> HttpResponse:
    """GET asks, POST removes it for good."""
    post = _find(request, public_id)
    if request.method == "GET":
        return render(request, "trash/_destroy.html" if request.htmx else "trash/destroy.html", {"post": post})
    try:
        trash.destroy(post)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Gone for good."))
    return acted(request, reverse("trash")) if request.htmx else redirect("trash")


def _find(request: HttpRequest, public_id: str) -> Post:
    """A post of the workspace, in the trash or just taken out of it. Raises Http404."""
    return get_object_or_404(Post, workspace=request.member.workspace, public_id=public_id)
