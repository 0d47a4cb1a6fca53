"""Uploads: one file a request as the request's whole body, so that nothing is kept before its size is judged."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from scheduler_ui.domain import media
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Media, User, Workspace
from scheduler_ui.views.members import member_required

CHUNK = 256 * 1024
NAME = "X-File-Name"
STATUS = {media.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE, media.Full: HTTPStatus.INSUFFICIENT_STORAGE}


@require_POST
@member_required
def upload(request):
    """Answer the row of the composer's list, or the sentence that says why not."""
    try:
        kept = _take_in(request, request.member.workspace, request.user)
    except Refused as refused:
        return _sentence(str(refused), STATUS.get(type(refused), HTTPStatus.UNPROCESSABLE_ENTITY))
    except UnreadablePostError:
        return _sentence(_("The upload broke off."), HTTPStatus.BAD_REQUEST)
    return render(request, "composer/_media.html", {"media": kept, "alt": ""}, status=HTTPStatus.CREATED)


@require_POST
@member_required
def discard(request, public_id):
    row = get_object_or_404(Media, workspace=request.member.workspace, public_id=public_id)
    try:
        media.discard(row)
    except Refused as refused:
        return _sentence(str(refused), HTTPStatus.CONFLICT)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _take_in(request: HttpRequest, workspace: Workspace, person: User) -> Media:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    name = unquote(request.headers.get(NAME, ""))
    with media.spool(_chunks(request), int(declared) if declared.isdecimal() else 0) as file:
        return media.store(workspace, person, name, file)


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(CHUNK):
        yield chunk


def _sentence(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
