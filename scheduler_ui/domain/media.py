"""Pictures and videos of a workspace: taken in, given back, and cleaned up when nobody wants them."""

import errno
import shutil
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import ProtectedError, Sum
from django.utils.translation import gettext as _

from scheduler_ui.domain import movies, pictures
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Media, User, Workspace

MEGABYTE = 1_000_000
# Uploads stop while there is still room for the database to mark what goes out.
RESERVE = 200 * MEGABYTE
# Longer than anyone leaves a form open: what it holds is attached when it is saved.
KEPT_UNATTACHED = timedelta(days=7)
FULL = {errno.ENOSPC, errno.EDQUOT}
HEAD = 12


class Full(Refused):
    """No room is left, for the workspace or at all."""


class TooLarge(Refused):
    pass


def spool(chunks: Iterable[bytes], declared: int | None = None) -> IO[bytes]:
    """Keep an upload's bytes in a nameless file, and stop as soon as they are too many. Raises TooLarge, Full."""
    _refuse_no_room(declared or 0)
    file = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - the caller closes it
    head = b""
    try:
        for chunk in chunks:
            head = head or chunk[:HEAD]
            file.write(chunk)
            _refuse_large(head, max(file.tell(), declared or 0))
    except OSError as error:
        file.close()
        raise _told(error) from error
    except Refused:
        file.close()
        raise
    file.seek(0)
    return file


def store(workspace: Workspace, person: User, name: str, file: IO[bytes]) -> Media:
    """Take in one picture or MP4 by what its bytes are, whatever it is called. Raises Refused, TooLarge, Full."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise Refused(_("This file is empty."), "media")
    _refuse_large(head, size)
    _refuse_full(workspace, size)
    media = Media(workspace=workspace, uploaded_by=person, name=plain_name(name))
    try:
        _keep_movie(media, file, size) if movies.looks_like_one(head) else _keep_picture(media, file)
    except OSError as error:
        _remove_files(media)
        raise _told(error) from error
    return media


def discard(media: Media) -> None:
    """Delete an upload that no post uses. Raises Refused when one does."""
    try:
        with transaction.atomic():
            media.delete()
    except ProtectedError as error:
        raise Refused(_("A post uses this file."), "media") from error
    _remove_files(media)


def sweep(now: datetime) -> int:
    """Delete what was uploaded long ago and is part of no post; tell how many."""
    old = Media.objects.filter(created_at__lt=now - KEPT_UNATTACHED, attachments__isnull=True)
    swept = 0
    for media in old.iterator():
        try:
            discard(media)
        except Refused:  # attached between the look and the deed
            continue
        swept += 1
    return swept


def plain_name(name: str) -> str:
    """The last part of whatever path a browser sent, in signs that can be printed."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip()[:200] or _("file")


def _keep_picture(media: Media, file: IO[bytes]) -> None:
    picture = pictures.redraw(file)
    media.kind, media.content_type, media.bytes = Media.Kind.IMAGE, picture.content_type, len(picture.content)
    media.width, media.height = picture.width, picture.height
    media.file.save(picture.suffix, ContentFile(picture.content), save=False)
    media.thumbnail.save(f"{media.public_id}.webp", ContentFile(picture.thumbnail), save=False)
    media.save()


def _keep_movie(media: Media, file: IO[bytes], size: int) -> None:
    movie = movies.inspect(file)
    movies.scrub(file)
    file.seek(0)
    media.kind, media.content_type, media.bytes = Media.Kind.VIDEO, "video/mp4", size
    media.width, media.height, media.seconds = movie.width, movie.height, movie.seconds
    media.file.save(".mp4", File(file), save=False)
    media.save()


def _refuse_large(head: bytes, size: int) -> None:
    is_movie = movies.looks_like_one(head)
    most = settings.MAX_VIDEO_MB if is_movie else settings.MAX_IMAGE_MB
    if size <= most * MEGABYTE:
        return
    words = {"most": most}
    if is_movie:
        raise TooLarge(_("This video is larger than %(most)s MB, which is the most there may be.") % words, "media")
    raise TooLarge(_("This picture is larger than %(most)s MB, which is the most there may be.") % words, "media")


def _refuse_full(workspace: Workspace, size: int) -> None:
    most = settings.WORKSPACE_MEDIA_MB * MEGABYTE
    used = workspace.media.aggregate(total=Sum("bytes"))["total"] or 0
    if most and used + size > most:
        words = {"most": settings.WORKSPACE_MEDIA_MB}
        sentence = _("The pictures and videos of this workspace fill their %(most)s MB. Delete posts with large ones.")
        raise Full(sentence % words, "media")
    _refuse_no_room(size)


def _refuse_no_room(size: int) -> None:
    if shutil.disk_usage(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir()).free < size + RESERVE:
        raise _no_room()


def _no_room() -> Full:
    return Full(_("The disk is full, so nothing can be uploaded now. What you wrote is safe."), "media")


def _told(error: OSError) -> Refused:
    if error.errno in FULL:
        return _no_room()
    return Refused(_("The upload could not be kept. Try again."), "media")


def _remove_files(media: Media) -> None:
    for kept in (media.file, media.thumbnail):
        if kept:
            kept.delete(save=False)
