"""Pictures of accounts: fetched under the guard, drawn anew by us, served by us."""

import hashlib
import io
import logging
import warnings

from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from scheduler_ui.domain import platform_tools
from scheduler_ui.models import Account
from scheduler_ui.platforms.outcomes import PlatformError

logger = logging.getLogger(__name__)

EDGE = 160  # pixels: twice the largest that a page shows
MOST_BYTES = 4_000_000
MOST_PIXELS = 20_000_000
FORMATS = ["PNG", "JPEG", "WEBP", "GIF"]


class NotAPicture(ValueError):
    pass


def renew(account: Account, url: str) -> None:
    """Fetch and keep the account's picture; one that cannot be had leaves the old one, or the initials, in place."""
    if not url:
        return
    try:
        _keep(account, recode(platform_tools.tools().http.fetch(url, most_bytes=MOST_BYTES)))
    except (PlatformError, NotAPicture) as error:
        logger.info("the picture of account %s was not taken: %s", account.public_id, error)


def recode(data: bytes) -> bytes:
    """A small square WebP with nothing in it but pixels. Raises NotAPicture, a bomb's before it is unpacked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the cap below is lower
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAPicture("too many pixels")
            square = ImageOps.fit(ImageOps.exif_transpose(picture).convert("RGBA"), (EDGE, EDGE))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error
    drawn = io.BytesIO()
    square.save(drawn, "WEBP", quality=85)
    return drawn.getvalue()


def _keep(account: Account, picture: bytes) -> None:
    name = f"{account.public_id}-{hashlib.sha256(picture).hexdigest()[:12]}.webp"
    old = account.avatar.name or ""
    if old.endswith(name):
        return
    account.avatar.save(name, ContentFile(picture), save=False)
    Account.objects.filter(pk=account.pk).update(avatar=account.avatar.name)
    if old:
        account.avatar.storage.delete(old)
