"""Pictures and films: members see theirs, everybody else what a feed has published."""

import re

from django.core.files import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from scheduler_ui.domain import feeds
from scheduler_ui.models import Media

PART = re.compile(r"bytes=(\d*)-(\d*)")


@require_safe
def file(request: HttpRequest, public_id: str) -> HttpResponse:
    media = get_object_or_404(Media, public_id=public_id)
    if not _is_member(request, media) and not feeds.is_public(media, timezone.now()):
        raise Http404
    return _answer(request, media.file, media.content_type)


@require_safe
def thumbnail(request: HttpRequest, public_id: str) -> HttpResponse:
    media = get_object_or_404(Media, public_id=public_id)
    if not media.thumbnail or not _is_member(request, media):
        raise Http404
    return _answer(request, media.thumbnail, "image/webp")


class Part:
    """The bytes of a file from here on, `left` of them: what FileResponse reads for a range."""

    def __init__(self, opened: File, start: int, left: int):
        opened.seek(start)
        self.opened, self.left = opened, left

    def read(self, size: int = -1) -> bytes:
        data = self.opened.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data

    def close(self) -> None:
        self.opened.close()


def _is_member(request: HttpRequest, media: Media) -> bool:
    user = request.user
    return user.is_authenticated and user.memberships.filter(workspace=media.workspace_id).exists()


def _answer(request: HttpRequest, stored, content_type: str) -> HttpResponse:
    """The whole, or the one range that a film's player asks for; anything odder is answered with the whole."""
    try:
        size = stored.size
    except FileNotFoundError:
        raise Http404("the file is gone") from None
    # Bytes never change under an id, but whether they may be seen does. A name of our own, never opened as a page.
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-cache", "Content-Disposition": "attachment"}
    asked = PART.fullmatch(request.headers.get("Range", ""))
    if not asked or not any(asked.groups()):
        return FileResponse(stored.open("rb"), content_type=content_type, headers=headers | {"Content-Length": size})
    start, end = _bounds(*asked.groups(), size)
    if start > end:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers |= {"Content-Range": f"bytes {start}-{end}/{size}", "Content-Length": end - start + 1}
    part = Part(stored.open("rb"), start, end - start + 1)
    return FileResponse(part, status=206, content_type=content_type, headers=headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """`0-499`, `500-`, or the last bytes as `-500`; both ends counted."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
