"""Pictures and videos in a bucket: through our own views, a part at a time, and with words when the store is away."""

import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from project import buckets
from project.buckets import PrivateBucket
from scheduler_ui.domain import media
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Media
from tests.drawings import a_picture
from tests.factories import a_user, a_workspace
from tests.films import a_film
from tests.rig.servers import S3


@pytest.fixture(scope="module")
def server():
    with S3() as running:
        yield running


@pytest.fixture
def bucket(server):
    known = server.environment()
    return PrivateBucket(
        bucket_name=known["S3_BUCKET"],
        endpoint_url=known["S3_ENDPOINT"],
        access_key=known["S3_ACCESS_KEY"],
        secret_key=known["S3_SECRET_KEY"],
        region_name=known["S3_REGION"],
        addressing_style="path",
    )


@pytest.fixture
def stored(bucket, monkeypatch):
    """Media are kept in the bucket for this test."""
    for name in ("file", "thumbnail"):
        monkeypatch.setattr(Media._meta.get_field(name), "storage", bucket)
    return bucket


def test_file_comes_back_as_it_went_in_any_order(bucket):
    content = bytes(range(256)) * 4000
    name = bucket.save("films/one.mp4", ContentFile(content))
    with bucket.open(name) as file:
        parts = [file.read(10), (file.seek(900_000), file.read(7))[1], (file.seek(5), file.read())[1]]
        assert (parts, file.tell(), file.size) == (
            [content[:10], content[900_000:900_007], content[5:]],
            len(content),
            len(content),
        )


def test_part_of_a_large_file_is_not_fetched_whole(bucket, server, monkeypatch):
    name = bucket.save("films/two.mp4", ContentFile(b"x" * 5_000_000))
    read = []
    whole = buckets.Remote.readinto
    monkeypatch.setattr(buckets.Remote, "readinto", lambda self, buffer: read.append(whole(self, buffer)) or read[-1])
    with bucket.open(name) as file:
        file.seek(4_000_000)
        assert file.read(1000) == b"x" * 1000
    assert sum(read) <= buckets.BUFFER


def test_nobody_reads_it_without_keys(bucket, server):
    name = bucket.save("pictures/own.jpg", ContentFile(b"own"))
    grants = server.client().get_object_acl(Bucket=server.bucket, Key=name)["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]


def test_file_that_is_not_there_is_told_like_one_on_a_disk(bucket):
    with pytest.raises(FileNotFoundError):
        bucket.open("nothing.jpg")
    with pytest.raises(FileNotFoundError):
        bucket.size("nothing.jpg")
    assert bucket.exists("nothing.jpg") is False
    bucket.delete("nothing.jpg")


def test_upload_is_shown_to_members_and_deleted(db, client, stored):
    person = a_user()
    workspace = a_workspace(person)
    client.force_login(person)
    kept = media.store(workspace, person, "pour.mp4", io.BytesIO(film := a_film()))
    address = reverse("media_file", args=[kept.public_id])
    assert len(b"".join(client.get(address).streaming_content)) == kept.bytes == len(film)
    part = client.get(address, headers={"Range": "bytes=4-11"})
    assert (part.status_code, b"".join(part.streaming_content)[:4]) == (206, b"ftyp")
    name = kept.file.name
    media.discard(kept)
    assert (stored.exists(name), Media.objects.count()) == (False, 0)


def test_store_that_is_away_is_said_in_words(db, server, stored):
    person = a_user()
    workspace = a_workspace(person)
    server.kill()
    try:
        with pytest.raises(Refused) as refused:
            media.store(workspace, person, "cup.jpg", io.BytesIO(a_picture()))
    finally:
        server.start()
    assert str(refused.value) == "The upload could not be kept. Try again."
    assert Media.objects.count() == 0
