"""Pictures for the demo, drawn rather than shipped: a bag of coffee, a cup, and two avatars."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw

SIZE = (1200, 900)
NIGHT, PAPER, CREMA, COFFEE, DOOR = "#18263a", "#d9b98c", "#e8d3b4", "#4a2c1d", "#2f6f8f"


def bags() -> bytes:
    """Three paper bags on a shelf."""
    return _drawn(_bags)


def cup() -> bytes:
    """A cup from above, on a wooden table."""
    return _drawn(_cup)


def avatar(colour: str) -> bytes:
    """A steaming cup on a round ground, as WebP."""
    picture = Image.new("RGB", (256, 256), colour)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((70, 116, 170, 196), 26, fill="white")
    draw.ellipse((152, 130, 200, 178), outline="white", width=13)
    for x in (92, 120, 148):
        draw.line((x, 96, x + 8, 78, x, 60), fill="white", width=9, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=85)
    return buffer.getvalue()


def _drawn(paint: Callable[[ImageDraw.ImageDraw], None]) -> bytes:
    picture = Image.new("RGB", SIZE, NIGHT)
    paint(ImageDraw.Draw(picture))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _bags(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 720, 1200, 900), fill="#8a5a37")
    draw.rectangle((0, 720, 1200, 738), fill="#a36d45")
    for left, label in ((130, CREMA), (465, DOOR), (800, CREMA)):
        draw.polygon([(left, 250), (left + 270, 250), (left + 284, 720), (left - 14, 720)], fill=PAPER)
        draw.polygon([(left, 250), (left + 270, 250), (left + 252, 190), (left + 18, 190)], fill="#c3a274")
        draw.rounded_rectangle((left + 45, 400, left + 225, 590), 14, fill=label)
        draw.ellipse((left + 105, 440, left + 165, 530), fill=COFFEE)
        draw.arc((left + 117, 436, left + 177, 534), 120, 250, fill=label, width=6)


def _cup(draw: ImageDraw.ImageDraw) -> None:
    for number, shade in enumerate(("#8f5f3c", "#95653f", "#8a5a37", "#916140")):
        draw.rectangle((0, number * 225, 1200, number * 225 + 221), fill=shade)
    draw.ellipse((260, 110, 940, 790), fill="#f3efe8")
    draw.ellipse((350, 200, 850, 700), fill="#fbf9f5")
    draw.ellipse((385, 235, 815, 665), fill=COFFEE)
    for inset, shade in ((0, CREMA), (34, "#b98a5b"), (68, CREMA), (102, "#8a5a37")):
        draw.ellipse((470 + inset, 320 + inset, 730 - inset, 580 - inset), fill=shade)
    draw.ellipse((880, 380, 1010, 520), outline="#f3efe8", width=34)
