"""The smallest MP4 files that say what a test wants them to say."""

import struct

UPRIGHT = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
TURNED = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)


def a_film(*, seconds=14.0, width=1080, height=1350, turned=False, brand=b"isom", extra=b"", data=b"pixels") -> bytes:
    moov = box(b"moov", mvhd(seconds) + track(width, height, turned=turned) + extra)
    return box(b"ftyp", brand + b"\0\0\2\0" + brand) + moov + box(b"mdat", data * 10)


def box(kind: bytes, content: bytes, is_long: bool = False) -> bytes:
    if is_long:
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", len(content) + 8, kind) + content


def mvhd(seconds: float, version: int = 0) -> bytes:
    times = struct.pack(">QQIQ" if version else ">IIII", 0, 0, 1000, int(seconds * 1000))
    return box(b"mvhd", bytes([version, 0, 0, 0]) + times + b"\0" * 80)


def track(width: int, height: int, version: int = 0, turned: bool = False) -> bytes:
    return box(b"trak", tkhd(width, height, version, turned))


def tkhd(width: int, height: int, version: int = 0, turned: bool = False) -> bytes:
    times = b"\0" * (32 if version else 20)
    matrix = struct.pack(">9i", *(TURNED if turned else UPRIGHT))
    return box(
        b"tkhd", bytes([version, 0, 0, 7]) + times + b"\0" * 16 + matrix + struct.pack(">II", width << 16, height << 16)
    )
