import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from scheduler_ui.domain import pictures
from scheduler_ui.domain.refusals import Refused
from tests.drawings import a_picture, bomb


def sides(content: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(content)).size


def test_redraw_a_photograph_stays_a_jpeg():
    picture = pictures.redraw(io.BytesIO(a_picture("JPEG", (300, 200))))
    assert (picture.content_type, picture.suffix, picture.width, picture.height) == ("image/jpeg", ".jpg", 300, 200)
    assert sides(picture.content) == (300, 200)


@pytest.mark.parametrize(
    ("image_format", "mode", "content_type"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "LA", "image/png"),
        ("GIF", "P", "image/png"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/png"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
    ],
)
def test_redraw_every_kind_becomes_what_every_network_takes(image_format, mode, content_type):
    picture = pictures.redraw(io.BytesIO(a_picture(image_format, (30, 20), mode)))
    assert (picture.content_type, sides(picture.content)) == (content_type, (30, 20))


def test_redraw_drops_exif_comment_and_what_hides_behind_the_pixels():
    exif = Image.Exif()
    exif[0x010F] = "Telltale Camera"
    exif.get_ifd(0x8825)[1] = "N"
    upload = a_picture("JPEG", (30, 20), exif=exif, comment=b"<script>alert(1)</script>") + b"<script>alert(2)</script>"
    picture = pictures.redraw(io.BytesIO(upload))
    kept = picture.content + picture.thumbnail
    assert [kept.count(word) for word in (b"Telltale", b"script", b"Exif")] == [0, 0, 0]


def test_redraw_a_png_drops_its_texts():
    upload = a_picture("PNG", (30, 20))
    text = b"tEXtComment\0<script>alert(1)</script>"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    picture = pictures.redraw(io.BytesIO(upload[:33] + chunk + upload[33:]))
    assert picture.content.count(b"script") == 0


def test_redraw_a_turned_photograph_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = pictures.redraw(io.BytesIO(a_picture("JPEG", (300, 200), exif=exif)))
    assert (picture.width, picture.height) == (200, 300)


def test_redraw_a_colour_profile_is_turned_into_srgb():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = pictures.redraw(io.BytesIO(a_picture("JPEG", (30, 20), icc_profile=profile)))
    assert Image.open(io.BytesIO(picture.content)).info.get("icc_profile") is None


def test_redraw_a_senseless_colour_profile_does_not_matter():
    picture = pictures.redraw(io.BytesIO(a_picture("JPEG", (30, 20), icc_profile=b"nonsense")))
    assert (picture.width, picture.height) == (30, 20)


def test_redraw_a_very_large_picture_is_made_smaller():
    picture = pictures.redraw(io.BytesIO(a_picture("JPEG", (8192, 64))))
    assert (picture.width, picture.height) == (4096, 32)


def test_redraw_the_thumbnail_is_a_small_webp():
    thumbnail = Image.open(io.BytesIO(pictures.redraw(io.BytesIO(a_picture("JPEG", (1280, 640)))).thumbnail))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (640, 320))


def test_redraw_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda picture: pytest.fail("decoded"))
    upload = bomb(10_000, 10_000)
    assert len(upload) < 1_000
    with pytest.raises(Refused) as refused:
        pictures.redraw(io.BytesIO(upload))
    assert str(refused.value) == "This picture has more than 50 million pixels. Make it smaller."


@pytest.mark.parametrize("side", [7_072, 12_000, 16_000, 60_000])
def test_redraw_every_size_above_the_cap_is_refused_alike(side):
    with pytest.raises(Refused) as refused:
        pictures.redraw(io.BytesIO(bomb(side, side)))
    assert str(refused.value) == "This picture has more than 50 million pixels. Make it smaller."


MOVING = "This picture moves. Save it as an MP4 video and add that."
UNKNOWN = "This is no JPEG, PNG, WebP or GIF picture and no MP4 video."
DAMAGED = "This picture is damaged and cannot be opened."


def moving(image_format: str) -> bytes:
    return a_picture(image_format, (9, 9), save_all=True, append_images=[Image.new("RGB", (9, 9), "blue")])


@pytest.mark.parametrize(
    ("upload", "sentence"),
    [
        (moving("GIF"), MOVING),
        (moving("WEBP"), MOVING),
        (moving("PNG"), MOVING),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', UNKNOWN),
        (b"<!doctype html><script>alert(1)</script>", UNKNOWN),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UNKNOWN),
        (a_picture("TIFF", (9, 9)), UNKNOWN),
        (a_picture("BMP", (9, 9)), UNKNOWN),
        (a_picture("JPEG", (900, 900))[:900], DAMAGED),
        (a_picture("PNG", (900, 900))[:200], DAMAGED),
        (b"\x89PNG\r\n\x1a\n", UNKNOWN),
    ],
    ids=["gif", "webp", "apng", "svg", "html", "postscript", "tiff", "bmp", "cut jpeg", "cut png", "signature"],
)
def test_redraw_what_is_no_still_picture_is_refused_in_words(upload, sentence):
    with pytest.raises(Refused) as refused:
        pictures.redraw(io.BytesIO(upload))
    assert (str(refused.value), refused.value.field) == (sentence, "media")
