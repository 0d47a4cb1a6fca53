"""A post's page, and what a person decides about the whole of it."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduler_ui.domain import arming, bulk, copies, post_pages, posts, trash
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.times import WhenForm
from scheduler_ui.models import WAITING, Post
from scheduler_ui.views import boards
from scheduler_ui.views.answers import acted, gone
from scheduler_ui.views.deliveries import ask_when, moved_sentence
from scheduler_ui.views.members import member_required
from scheduler_ui.views.toasts import toast


@boards.quiet
@require_GET
@member_required
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    poll, workspace = boards.poll(request), request.member.workspace
    try:
        post = post_pages.find(workspace, public_id)
    except Post.DoesNotExist as error:
        raise Http404 from error
    context = {"poll": poll, "page": post_pages.read(post, workspace, request.user, timezone.now())}
    return render(request, "posts/_post.html" if poll.is_asking else "posts/page.html", context)


@require_POST
@member_required
def publish_now(request: HttpRequest, public_id: str) -> HttpResponse:
    """All of a post that has not started."""
    post, now = find(request, public_id), timezone.now()
    when = When.at(arming.next_second(now), post.timezone)
    try:
        posts.reschedule(post, when, actor=request.user, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("It goes out now."))
    return acted(request, _address(post))


@require_http_methods(["GET", "POST"])
@member_required
def reschedule(request: HttpRequest, public_id: str) -> HttpResponse:
    post, zone = find(request, public_id), str(request.user.timezone)
    initial = {"at": Clock.of(request.user).local(post.scheduled_for)} if post.scheduled_for else {}
    form = WhenForm(request.POST or None, zone=zone, clock=request.user.clock, initial=initial)
    if request.method == "POST" and form.is_valid():
        when = form.when(post.timezone)
        try:
            posts.reschedule(post, when, actor=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error("at", str(refusal))
        else:
            toast(request, moved_sentence(request, when.instant))
            return acted(request, _address(post))
    return ask_when(request, form, post)


@require_POST
@member_required
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whatever of it still waits."""
    post = find(request, public_id)
    waiting = list(post.deliveries.filter(status__in=WAITING).select_related("post", "account"))
    told = bulk.apply(Action.CANCEL, waiting, actor=request.user, now=timezone.now())
    toast(request, told.sentence)
    return acted(request, _address(post))


@require_POST
@member_required
def duplicate(request: HttpRequest, public_id: str) -> HttpResponse:
    post = find(request, public_id)
    copy = copies.duplicate(post, request.member.workspace, actor=request.user, now=timezone.now())
    messages.success(request, _("This is a copy, as a draft. Choose its time."))
    return redirect("post_edit", copy.public_id)


@require_http_methods(["GET", "POST"])
@member_required
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """GET asks, POST moves it to the trash; the toast takes it back."""
    post = find(request, public_id)
    if request.method == "GET":
        context = {"post": post, "deliveries": post.deliveries.select_related("account"), "here": _address(post)}
        return render(request, "posts/_delete.html" if request.htmx else "posts/delete.html", context)
    try:
        trash.delete(post, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return acted(request, _address(post))
    toast(request, _("In the trash for 30 days."), reverse("post_restore", args=[public_id]))
    is_its_own_page = request.htmx and request.htmx.current_url_abs_path == _address(post)
    return gone(request, reverse("queue")) if is_its_own_page else acted(request, reverse("queue"))


def find(request: HttpRequest, public_id: str) -> Post:
    """One of the workspace's posts that is not in the trash. Raises Http404."""
    return get_object_or_404(Post, workspace=request.member.workspace, public_id=public_id, deleted_at=None)


def _address(post: Post) -> str:
    return reverse("post", args=[post.public_id])
