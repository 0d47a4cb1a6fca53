"""Pictures made small enough for a network that caps their bytes."""

import io
from dataclasses import dataclass, field

from PIL import Image, ImageOps

EDGES = (2000, 1600, 1200, 900, 600, 400, 250)
QUALITIES = (88, 75, 60)


@dataclass(frozen=True)
class Picture:
    data: bytes = field(repr=False)
    content_type: str
    width: int
    height: int


def fit(data: bytes, content_type: str, most_bytes: int) -> Picture:
    """The picture itself where it fits, else drawn smaller until it does, transparency kept.

    Raises ValueError for what is no picture.
    """
    try:
        return _fit(data, content_type, most_bytes)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a picture") from error


def _fit(data: bytes, content_type: str, most_bytes: int) -> Picture:
    with Image.open(io.BytesIO(data)) as image:
        if len(data) <= most_bytes:
            return Picture(data, content_type, image.width, image.height)
        upright = ImageOps.exif_transpose(image)
        is_clear = upright.has_transparency_data
        return _shrink(upright.convert("RGBA" if is_clear else "RGB"), most_bytes)


def _shrink(image: Image.Image, most_bytes: int) -> Picture:
    kind = "WEBP" if image.mode == "RGBA" else "JPEG"
    first = min(max(image.size), EDGES[0])
    for edge in [first, *(edge for edge in EDGES if edge < first)]:
        smaller = image.copy()
        smaller.thumbnail((edge, edge))
        for quality in QUALITIES:
            drawn = io.BytesIO()
            smaller.save(drawn, kind, quality=quality)
            picture = Picture(drawn.getvalue(), f"image/{kind.lower()}", smaller.width, smaller.height)
            if len(picture.data) <= most_bytes:
                return picture
    return picture
