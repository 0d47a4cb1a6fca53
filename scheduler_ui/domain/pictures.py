"""Uploaded pictures: looked at before they are decoded, and stored only as we have drawn them again."""

import io
from dataclasses import dataclass
from threading import Lock
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from scheduler_ui.domain.refusals import Refused

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
LONGEST_SIDE = 4096
THUMBNAIL_SIDE = 640
SMOOTH = frozenset({"RGB", "RGBA", "CMYK", "L", "LA"})

# Whatever a decoder may raise about bytes that it cannot make sense of.
BROKEN = (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError, EOFError, MemoryError)

# A large picture is some hundred megabytes while it is drawn: that many once, not once in every thread.
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Picture:
    """A picture drawn again: its bytes, what they are, its sides in pixels, and a small WebP of it."""

    content: bytes
    content_type: str
    suffix: str
    width: int
    height: int
    thumbnail: bytes


def redraw(file: IO[bytes]) -> Picture:
    """Decode an upload and encode its pixels anew: EXIF, comments and whatever hid behind them are gone.

    Raises Refused for what is no JPEG, PNG, WebP or GIF, what moves, and what has too many pixels.
    """
    picture = _open(file)
    with _one_at_a_time:
        try:
            _refuse_moving(picture)
            drawn = _plain(picture)
        except BROKEN as error:
            raise Refused(_("This picture is damaged and cannot be opened."), "media") from error
        content, content_type, suffix = _encode(drawn, picture.format)
        return Picture(content, content_type, suffix, drawn.width, drawn.height, _thumbnail(drawn))


def _open(file: IO[bytes]) -> Image.Image:
    """Read the header alone: a few bytes can say that they will be gigabytes of pixels."""
    try:
        picture = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise Refused(_("This is no JPEG, PNG, WebP or GIF picture and no MP4 video."), "media") from error
    except BROKEN as error:
        raise Refused(_("This picture is damaged and cannot be opened."), "media") from error
    if picture.width * picture.height > settings.MAX_MEGAPIXELS * 1_000_000:
        raise _too_many_pixels()
    return picture


def _too_many_pixels() -> Refused:
    most = settings.MAX_MEGAPIXELS
    return Refused(_("This picture has more than %(most)s million pixels. Make it smaller.") % {"most": most}, "media")


def _refuse_moving(picture: Image.Image) -> None:
    if getattr(picture, "is_animated", False):
        raise Refused(_("This picture moves. Save it as an MP4 video and add that."), "media")


def _plain(picture: Image.Image) -> Image.Image:
    """Upright, in sRGB, no larger than any network shows, with nothing but pixels."""
    profile = picture.info.get("icc_profile")
    has_alpha = picture.has_transparency_data
    drawn = picture if picture.mode in SMOOTH else picture.convert("RGBA" if has_alpha else "RGB")
    # First of all smaller, so that every later copy is of the small one.
    drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(drawn, in_place=True)
    if profile and drawn.mode in SMOOTH - {"L", "LA"}:
        drawn = _in_srgb(drawn, profile)
    drawn = drawn.convert("RGBA" if has_alpha else "RGB")
    drawn.info.clear()
    return drawn


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The same colours without the profile, which most networks throw away; an odd profile counts as sRGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        shown = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, *BROKEN):
        return picture
    return shown or picture


def _encode(picture: Image.Image, source: str | None) -> tuple[bytes, str, str]:
    """Photographs as JPEG; what has clear parts or came without loss as PNG. Every network takes both."""
    if picture.mode == "RGBA" or source in {"PNG", "GIF"}:
        return _saved(picture, "PNG"), "image/png", ".png"
    return _saved(picture, "JPEG", quality=90, progressive=True, optimize=True), "image/jpeg", ".jpg"


def _thumbnail(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return _saved(small, "WEBP", quality=80, method=4)


def _saved(picture: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format, **options)
    return buffer.getvalue()
