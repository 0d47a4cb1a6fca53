"""Picture files for tests."""

import io
import struct
import zlib

from PIL import Image


def a_picture(image_format: str = "JPEG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options) -> bytes:
    buffer = io.BytesIO()
    noise = Image.effect_noise(size, 60) if size[0] * size[1] < 1_000_000 else Image.new("L", size, 90)
    drawn = noise.convert("RGB").convert(mode)
    if mode == "RGBA":
        drawn.putalpha(128)
    drawn.save(buffer, image_format, **options)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises width x height pixels in four colours of eight bits."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    content = zlib.compress(b"\0" * 10_000, 9)
    chunks = [(b"IHDR", header), (b"IDAT", content), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
