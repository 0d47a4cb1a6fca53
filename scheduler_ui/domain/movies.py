"""MP4 files: read box by box with everything bounded, and freed of where and with what they were taken."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused

MOST_BOXES = 2_000
HEAD = 120  # as much of an mvhd or tkhd as we read
BLANK = b"\0" * 65_536

MP4_BRANDS = frozenset((b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "))
# GPS positions, device names and comments live in these, in a movie and in each of its tracks.
TELLING = frozenset((b"udta", b"meta", b"uuid"))


class _Damaged(Exception):
    pass


@dataclass(frozen=True)
class Box:
    """One box of the file: its four letters, where its content begins and where it ends."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True)
class Movie:
    """What a file says about itself; None where it does not say."""

    seconds: float | None
    width: int | None
    height: int | None


def inspect(file: IO[bytes]) -> Movie:
    """Read a movie's length and sides. Raises Refused for what is no whole MP4 with a picture in it."""
    try:
        return _inspect(file)
    except (_Damaged, struct.error, OverflowError) as error:
        raise Refused(_("This video is damaged or not complete."), "media") from error


def scrub(file: IO[bytes]) -> None:
    """Turn every box that may tell of places, devices or people into free space, in place; nothing else moves."""
    top = list(_boxes(file, 0, _size(file)))
    movie = [box for box in top if box.kind == b"moov"]
    inside = [box for parent in movie for box in _inside(file, parent)]
    tracks = [box for parent in inside if parent.kind == b"trak" for box in _inside(file, parent)]
    for box in (*top, *inside, *tracks):
        if box.kind in TELLING:
            _blank(file, box)


def looks_like_one(head: bytes) -> bool:
    """Whether the first 12 bytes say that a file is of MP4's family."""
    return head[4:8] == b"ftyp"


def _inspect(file: IO[bytes]) -> Movie:
    boxes = list(_boxes(file, 0, _size(file)))
    _refuse_other_brands(file, boxes)
    kinds = {box.kind: box for box in boxes}
    if b"moov" not in kinds or not kinds.keys() & {b"mdat", b"moof"}:
        raise _Damaged
    inside = list(_inside(file, kinds[b"moov"]))
    header = next((box for box in inside if box.kind == b"mvhd"), None)
    sides = [_sides(file, track) for track in inside if track.kind == b"trak"]
    width, height = max(sides, default=(0, 0))
    if header is None:
        raise _Damaged
    if not width or not height:
        raise Refused(_("This MP4 has no picture in it, only sound."), "media")
    return Movie(_seconds(_head(file, header)), width, height)


def _refuse_other_brands(file: IO[bytes], boxes: list[Box]) -> None:
    if not boxes or boxes[0].kind != b"ftyp":
        raise _Damaged
    box = boxes[0]
    file.seek(box.start)
    names = file.read(min(box.end - box.start, 256))
    # The second word is a version number, all others name what the file can be read as.
    brands = {names[at : at + 4] for at in range(0, len(names), 4) if at != 4}
    if not brands & MP4_BRANDS:
        raise Refused(_("This is no MP4 video. Save it as MP4 (H.264) and add that."), "media")


def _inside(file: IO[bytes], box: Box) -> Iterator[Box]:
    return _boxes(file, box.start, box.end)


def _boxes(file: IO[bytes], at: int, end: int) -> Iterator[Box]:
    for _count in range(MOST_BOXES):
        if end - at < 8:
            return
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        start = at + 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            start += 8
        elif size == 0:
            size = end - at
        # A box that ends after its parent belongs to a file that was cut off, or to one that wants to lead us astray.
        if size < start - at or at + size > end:
            raise _Damaged
        yield Box(kind, start, at + size)
        at += size
    raise _Damaged


def _head(file: IO[bytes], box: Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, HEAD))


def _seconds(head: bytes) -> float | None:
    is_long = head[:1] == b"\1"
    scale, length = struct.unpack_from(">IQ" if is_long else ">II", head, 20 if is_long else 12)
    unknown = 2**64 - 1 if is_long else 2**32 - 1
    return round(length / scale, 3) if scale and length not in {0, unknown} else None


def _sides(file: IO[bytes], track: Box) -> tuple[int, int]:
    """A track's width and height in pixels as they are shown, so turned where it is turned; (0, 0) for sound."""
    header = next((box for box in _inside(file, track) if box.kind == b"tkhd"), None)
    if header is None:
        raise _Damaged
    head = _head(file, header)
    at = 52 if head[:1] == b"\1" else 40
    matrix = struct.unpack_from(">9i", head, at)
    width, height = (side >> 16 for side in struct.unpack_from(">II", head, at + 36))
    return (height, width) if matrix[0] == 0 and matrix[1] else (width, height)


def _blank(file: IO[bytes], box: Box) -> None:
    is_long = _is_long(file, box)
    file.seek(box.start - (12 if is_long else 4))
    file.write(b"free")
    file.seek(box.start)
    left = box.end - box.start
    while left:
        left -= file.write(BLANK[:left])


def _is_long(file: IO[bytes], box: Box) -> bool:
    """Whether the box's size stands in eight bytes behind its letters."""
    file.seek(box.start - 4)
    return file.read(4) != box.kind


def _size(file: IO[bytes]) -> int:
    return file.seek(0, 2)
