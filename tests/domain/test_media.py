import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage, storages
from PIL import Image

from scheduler_ui.domain import media
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Media, PostMedia
from tests.drawings import a_picture, bomb
from tests.factories import NOW, a_post, a_user, a_workspace
from tests.films import a_film, box

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return a_workspace()


@pytest.fixture
def person():
    return a_user()


def uploaded(workspace, person, upload=None, name="cup.jpg") -> Media:
    return media.store(workspace, person, name, io.BytesIO(a_picture() if upload is None else upload))


def refusal(workspace, person, content) -> str:
    with pytest.raises(Refused) as refused:
        uploaded(workspace, person, content)
    assert refused.value.field == "media"
    return str(refused.value)


def content(file) -> bytes:
    with file.storage.open(file.name) as opened:
        return opened.read()


def files() -> int:
    folder = Path(default_storage.location)
    return sum(path.is_file() for path in folder.rglob("*"))


def test_store_a_picture_keeps_its_facts_and_two_files(workspace, person):
    kept = uploaded(workspace, person, name="C:\\Users\\ana\\cup\u202e.jpg")
    row = Media.objects.get()
    assert (row.kind, row.name, row.content_type, row.width, row.height) == ("image", "cup.jpg", "image/jpeg", 300, 200)
    assert (row.bytes, row.seconds, row.uploaded_by) == (row.file.size, None, person)
    assert row.file.name == f"media/{kept.public_id}.jpg"
    assert Image.open(io.BytesIO(content(row.thumbnail))).format == "WEBP"


def test_store_goes_by_content_and_not_by_name(workspace, person):
    kept = uploaded(workspace, person, a_picture("PNG"), name="harmless.exe")
    assert (kept.content_type, kept.file.name) == ("image/png", f"media/{kept.public_id}.png")


def test_store_a_film_keeps_its_facts_and_forgets_where_it_was_taken(workspace, person):
    film = a_film(extra=box(b"udta", b"+52.5200+013.4050/"))
    kept = uploaded(workspace, person, film, name="pour.mp4")
    row = Media.objects.get()
    assert (row.kind, row.content_type, row.width, row.height, row.seconds) == ("video", "video/mp4", 1080, 1350, 14.0)
    assert (row.bytes, bool(row.thumbnail)) == (len(film), False)
    assert content(kept.file).count(b"+52.52") == 0


def test_store_a_bomb_leaves_nothing_behind(workspace, person):
    before = files()
    assert refusal(workspace, person, bomb(10_000, 10_000)).startswith("This picture has more than 50 million pixels")
    assert (Media.objects.count(), files()) == (0, before)


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"MZ\x90"])
def test_store_what_is_neither_is_refused(workspace, person, content):
    assert refusal(workspace, person, content) == "This is no JPEG, PNG, WebP or GIF picture and no MP4 video."


def test_store_nothing_is_refused(workspace, person):
    assert refusal(workspace, person, b"") == "This file is empty."


def test_store_a_large_picture_names_the_cap_of_pictures(workspace, person, settings):
    settings.MAX_IMAGE_MB = 1
    sentence = refusal(workspace, person, a_picture() + b"x" * 1_000_000)
    assert sentence == "This picture is larger than 1 MB, which is the most there may be."


def test_store_a_large_film_names_the_cap_of_films(workspace, person, settings):
    settings.MAX_VIDEO_MB = 1
    sentence = refusal(workspace, person, a_film(data=b"x" * 200_000))
    assert sentence == "This video is larger than 1 MB, which is the most there may be."


def test_store_in_a_full_workspace_says_so(workspace, person, settings):
    settings.WORKSPACE_MEDIA_MB = 1
    Media.objects.create(workspace=workspace, kind="image", name="x", content_type="image/png", bytes=999_999)
    sentence = "The pictures and videos of this workspace fill their 1 MB. Delete posts with large ones."
    assert refusal(workspace, person, a_picture()) == sentence
    assert uploaded(a_workspace(), person).pk


FULL = "The disk is full, so nothing can be uploaded now. What you wrote is safe."


def test_store_on_a_disk_with_little_left_keeps_room_for_publishing(workspace, person, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=media.RESERVE)
    monkeypatch.setattr(media.shutil, "disk_usage", lambda path: usage)
    assert refusal(workspace, person, a_picture()) == FULL


def test_store_on_a_disk_that_fills_up_meanwhile_leaves_nothing(workspace, person, monkeypatch):
    def full(storage, name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(storages["default"]), "_save", full)
    assert (refusal(workspace, person, a_picture()), Media.objects.count()) == (FULL, 0)


def test_spool_hands_back_what_came(workspace):
    with media.spool([b"one ", b"two"]) as file:
        assert file.read() == b"one two"


@pytest.mark.parametrize(("head", "most"), [(b"\xff\xd8\xff", "MAX_IMAGE_MB"), (a_film()[:16], "MAX_VIDEO_MB")])
def test_spool_stops_reading_when_it_is_too_much(settings, head, most):
    setattr(settings, most, 1)
    read = []

    def many():
        for number in range(20):
            read.append(number)
            yield head + b"x" * 400_000

    with pytest.raises(media.TooLarge):
        media.spool(many())
    assert len(read) == 3


def test_spool_a_declared_size_is_refused_at_the_first_bytes(settings):
    with pytest.raises(media.TooLarge):
        media.spool([b"\xff\xd8\xff"], declared=20_000_001)


def test_discard_removes_row_and_files(workspace, person):
    before = files()
    media.discard(uploaded(workspace, person))
    assert (Media.objects.count(), files()) == (0, before)


def test_discard_what_a_post_uses_is_refused(workspace, person):
    kept = uploaded(workspace, person)
    PostMedia.objects.create(post=a_post(workspace), media=kept, position=0)
    with pytest.raises(Refused):
        media.discard(kept)
    assert kept.file.storage.exists(kept.file.name)


def test_sweep_takes_only_what_is_old_and_unattached(workspace, person):
    attached, old, young = (uploaded(workspace, person) for _ in range(3))
    PostMedia.objects.create(post=a_post(workspace), media=attached, position=0)
    Media.objects.filter(pk__in=[attached.pk, old.pk]).update(created_at=NOW - timedelta(days=8))
    Media.objects.filter(pk=young.pk).update(created_at=NOW - timedelta(days=6))
    assert media.sweep(NOW) == 1
    assert list(Media.objects.order_by("pk")) == [attached, young]
    assert not old.file.storage.exists(old.file.name)
