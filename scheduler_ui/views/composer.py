"""Writing a post: on a page of its own, or as a sheet over the calendar. Both are one form."""

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scheduler_ui.domain import composing, posts, sheets, trash
from scheduler_ui.domain.composing import AlreadySent, Changed
from scheduler_ui.domain.limits import TooFast
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.domain.sheets import Sheet
from scheduler_ui.forms.composer import ComposerForm
from scheduler_ui.models import Post
from scheduler_ui.views import blanks, submissions
from scheduler_ui.views.members import member_required

SHEET, PAGE = "sheet", "page"


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def new(request):
    if request.method == "POST":
        return _submit(request, None)
    filled, typed = blanks.for_new(request.member, request.GET)
    return _show(request, sheets.look(filled, typed, timezone.now()))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def edit(request, public_id):
    post = get_object_or_404(request.member.workspace.posts, public_id=public_id, deleted_at=None)
    if request.method == "POST":
        return _submit(request, post)
    if composing.has_started(post):
        messages.info(request, _("It has started, so it can no longer change. Duplicate it to write a new one."))
        return _leave(request, reverse("post", args=[post.public_id]))
    filled, typed = blanks.for_post(request.member, post)
    return _show(request, sheets.look(filled, typed, timezone.now()))


@require_POST
@member_required
def preview(request):
    """Counters, problems, previews and what the time means, for what is typed so far."""
    form = _form(request, _asked(request))
    sheet = sheets.look(form.filled, form.typed, timezone.now(), form.sentences)
    return render(request, "composer/_live.html", _context(request, sheet))


@require_POST
@member_required
def autosave(request):
    """Keep a draft while it is being written; what waits or has ended only changes when a person says so."""
    form = _form(request, _asked(request))
    post = form.post
    if post is not None and not posts.is_draft(post):
        return JsonResponse({"sentence": _("Only drafts are saved by themselves.")}, status=HTTPStatus.CONFLICT)
    try:
        post = composing.keep(form.filled, timezone.now())
    except TooFast as refused:
        return JsonResponse({"sentence": str(refused), "seconds": refused.seconds}, status=HTTPStatus.TOO_MANY_REQUESTS)
    except Refused as refused:
        return JsonResponse({"sentence": str(refused)}, status=HTTPStatus.CONFLICT)
    url = reverse("post_edit", args=[post.public_id])
    return JsonResponse({"seen": composing.state_of(post), "post": post.public_id, "url": url})


@require_POST
@member_required
def restore(request):
    """The form again with what a browser had kept of it."""
    form = _form(request, _asked(request))
    sheet = sheets.look(form.filled, form.typed, timezone.now())
    return render(request, "composer/_form.html", _context(request, sheet))


@require_POST
@member_required
def discard(request):
    """Put the draft of this form in the trash, if it has been saved at all."""
    form, post = _form(request, None), _asked(request)
    key = form.cleaned_data.get("client_key")
    if post is None and key:
        post = request.member.workspace.posts.filter(client_key=key, deleted_at=None).first()
    if post is not None and posts.is_draft(post):
        trash.delete(post, actor=request.user, now=timezone.now())
        messages.success(request, _("Discarded. It waits in the trash for 30 days."))
    return _leave(request, reverse("calendar"), place=request.POST.get("place", PAGE))


def _form(request: HttpRequest, post: Post | None) -> ComposerForm:
    form = ComposerForm(request.POST, member=request.member, post=post)
    form.is_valid()
    return form


def _asked(request: HttpRequest) -> Post | None:
    """The post that the form says it edits, for what is asked of a form without sending it."""
    name = request.POST.get("post", "")
    return get_object_or_404(request.member.workspace.posts, public_id=name, deleted_at=None) if name else None


def _submit(request: HttpRequest, post: Post | None) -> HttpResponse:
    form = _form(request, post)
    filled, wrong = submissions.with_files(request, form.filled)
    errors, status, is_renamed = form.sentences | wrong, HTTPStatus.UNPROCESSABLE_ENTITY, False
    if not errors:
        try:
            return _done(request, submissions.save(request.POST.get("do", ""), filled, form.typed, timezone.now()))
        except Refused as refused:
            errors, status = submissions.told(refused), submissions.status_of(refused)
            is_renamed = isinstance(refused, Changed | AlreadySent)
            filled = submissions.renamed(filled, refused)
    sheet = sheets.look(filled, form.typed, timezone.now(), errors)
    return _show(request, sheet, status=status, is_renamed=is_renamed)


def _done(request: HttpRequest, done: submissions.Done) -> HttpResponse:
    messages.success(request, done.sentence)
    return _leave(request, done.url, place=request.POST.get("place", PAGE))


def _leave(request: HttpRequest, url: str, place: str = PAGE) -> HttpResponse:
    if not request.htmx:
        return redirect(url)
    if place == SHEET:
        # The page underneath asks for what is new as soon as nothing covers it.
        return HttpResponse(headers={"HX-Trigger": "dialog:close"})
    return HttpResponse(headers={"HX-Redirect": url})


def _show(request: HttpRequest, sheet: Sheet, status: int = HTTPStatus.OK, is_renamed: bool = False) -> HttpResponse:
    context = _context(request, sheet) | {"is_renamed": is_renamed}
    if request.htmx and request.method == "POST":
        return render(request, "composer/_live.html", context, status=status)
    return render(request, "composer/_form.html" if request.htmx else "composer/page.html", context, status=status)


def _context(request: HttpRequest, sheet: Sheet) -> dict:
    post = sheet.filled.post
    place = request.POST.get("place") or (SHEET if request.htmx else PAGE)
    return {
        "sheet": sheet,
        "place": place if place == SHEET else PAGE,
        "action": reverse("post_edit", args=[post.public_id]) if post else reverse("post_new"),
        "errors": {**sheet.errors, "form": sheet.errors.get("", ())},
        "most_image": settings.MAX_IMAGE_MB,
        "most_video": settings.MAX_VIDEO_MB,
    }
