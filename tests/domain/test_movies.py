import io
import struct

import pytest

from scheduler_ui.domain import movies
from scheduler_ui.domain.movies import Movie
from scheduler_ui.domain.refusals import Refused
from tests.films import a_film, box, mvhd, tkhd, track


def test_inspect_a_film_tells_length_and_sides():
    assert movies.inspect(io.BytesIO(a_film(seconds=14.5, width=1080, height=1350))) == Movie(14.5, 1080, 1350)


def test_inspect_a_turned_film_tells_sides_as_shown():
    assert movies.inspect(io.BytesIO(a_film(width=1920, height=1080, turned=True))) == Movie(14.0, 1080, 1920)


def test_inspect_a_long_header_reads_64_bit_lengths():
    moov = box(b"moov", mvhd(7, version=1) + track(640, 480, version=1))
    film = box(b"ftyp", b"isom\0\0\0\0mp42") + moov + box(b"mdat", b"x")
    assert movies.inspect(io.BytesIO(film)) == Movie(7.0, 640, 480)


def test_inspect_an_unknown_length_says_none():
    moov = box(b"moov", mvhd(0) + track(640, 480))
    film = box(b"ftyp", b"isom\0\0\0\0") + moov + box(b"mdat", b"x")
    assert movies.inspect(io.BytesIO(film)).seconds is None


@pytest.mark.parametrize("brand", [b"qt  ", b"heic", b"avif"])
def test_inspect_another_brand_is_refused_in_words(brand):
    with pytest.raises(Refused) as refused:
        movies.inspect(io.BytesIO(a_film(brand=brand)))
    assert str(refused.value) == "This is no MP4 video. Save it as MP4 (H.264) and add that."


def test_inspect_sound_alone_is_refused():
    film = box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", mvhd(3) + track(0, 0)) + box(b"mdat", b"x")
    with pytest.raises(Refused) as refused:
        movies.inspect(io.BytesIO(film))
    assert str(refused.value) == "This MP4 has no picture in it, only sound."


DAMAGED = {
    "cut off": a_film()[:-40],
    "no moov": box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"x"),
    "no data": box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", mvhd(3) + track(1, 1)),
    "no header": box(b"ftyp", b"isom\0\0\0\0") + box(b"moov", track(8, 8)) + box(b"mdat", b"x"),
    "size smaller than its head": box(b"ftyp", b"isom\0\0\0\0") + struct.pack(">I4s", 3, b"moov"),
    "child larger than its parent": box(b"ftyp", b"isom\0\0\0\0")
    + box(b"moov", struct.pack(">I4s", 999, b"mvhd"))
    + box(b"mdat", b"x" * 2_000),
    "a million boxes": box(b"ftyp", b"isom\0\0\0\0") + box(b"free", b"") * 10_000,
    "nothing but a head": b"\0\0\0\x10ftypisom",
    "a short header": box(b"ftyp", b"isom\0\0\0\0")
    + box(b"moov", box(b"mvhd", b"\0\0") + track(8, 8))
    + box(b"mdat", b"x"),
    "a short track": box(b"ftyp", b"isom\0\0\0\0")
    + box(b"moov", mvhd(3) + box(b"trak", box(b"tkhd", b"\0")))
    + box(b"mdat", b"x"),
    "an empty header": box(b"ftyp", b"isom\0\0\0\0")
    + box(b"moov", box(b"mvhd", b"") + track(8, 8))
    + box(b"mdat", b"x"),
}


@pytest.mark.parametrize("film", DAMAGED.values(), ids=DAMAGED)
def test_inspect_a_damaged_film_is_refused_in_words(film):
    with pytest.raises(Refused) as refused:
        movies.inspect(io.BytesIO(film))
    assert str(refused.value) == "This video is damaged or not complete."


@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid"])
@pytest.mark.parametrize("is_long", [False, True])
def test_scrub_places_and_devices_are_gone_and_the_film_still_reads(kind, is_long):
    telling = box(kind, b"+52.5200+013.4050/", is_long)
    inside_track = box(b"trak", tkhd(640, 480) + telling)
    film = (
        box(b"ftyp", b"isom\0\0\0\0")
        + telling
        + box(b"moov", mvhd(3) + inside_track + telling)
        + box(b"mdat", b"pixels")
    )
    file = io.BytesIO(film)
    movies.scrub(file)
    scrubbed = file.getvalue()
    assert (len(scrubbed), scrubbed.count(b"+52.52"), scrubbed.count(kind)) == (len(film), 0, 0)
    assert movies.inspect(io.BytesIO(scrubbed)) == Movie(3.0, 640, 480)
