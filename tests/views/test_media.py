import pytest
from django.test import Client
from django.urls import reverse

from scheduler_ui.models import Media, PostMedia
from tests.drawings import a_picture, bomb
from tests.factories import a_post, a_workspace
from tests.films import a_film

pytestmark = pytest.mark.django_db


def upload(member, content, name="cup.jpg", **headers):
    headers = {"X-File-Name": name} | headers
    return member.post(reverse("media_upload"), content, content_type="application/octet-stream", headers=headers)


def test_upload_keeps_a_picture_and_answers_its_row(member, workspace, person):
    answer = upload(member, a_picture(), "K%C3%A4se.jpg")
    media = Media.objects.get()
    assert (answer.status_code, media.name, media.workspace, media.uploaded_by) == (201, "Käse.jpg", workspace, person)
    assert f'name="media" value="{media.public_id}"' in answer.content.decode()


def test_upload_keeps_a_film(member):
    assert upload(member, a_film(), "pour.mp4").status_code == 201
    assert Media.objects.get().kind == "video"


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (bomb(10_000, 10_000), 422, "This picture has more than 50 million pixels. Make it smaller."),
        (b"<svg/>", 422, "This is no JPEG, PNG, WebP or GIF picture and no MP4 video."),
        (b"", 422, "This file is empty."),
        (a_picture() + b"x" * 1_000_000, 413, "This picture is larger than 1 MB, which is the most there may be."),
    ],
)
def test_upload_refused_answers_the_sentence(member, settings, content, status, sentence):
    settings.MAX_IMAGE_MB = 1
    answer = upload(member, content)
    assert (answer.status_code, answer.content.decode(), Media.objects.count()) == (status, sentence, 0)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"


def test_upload_into_a_full_workspace_answers_507(member, workspace, settings):
    settings.WORKSPACE_MEDIA_MB = 1
    Media.objects.create(workspace=workspace, kind="image", name="x", bytes=1_000_000)
    assert upload(member, a_picture()).status_code == 507


def test_upload_signed_out_is_told_so(client):
    assert upload(client, a_picture(), **{"HX-Request": "true"}).status_code == 401
    assert Media.objects.count() == 0


def test_upload_needs_the_token(person, workspace):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert upload(strict, a_picture()).status_code == 403


def test_upload_is_post_only(member):
    assert member.get(reverse("media_upload")).status_code == 405


def test_discard_removes_what_no_post_uses(member):
    upload(member, a_picture())
    answer = member.post(reverse("media_discard", args=[Media.objects.get().public_id]))
    assert (answer.status_code, Media.objects.count()) == (204, 0)


def test_discard_keeps_what_a_post_uses(member, workspace):
    upload(member, a_picture())
    media = Media.objects.get()
    PostMedia.objects.create(post=a_post(workspace), media=media, position=0)
    answer = member.post(reverse("media_discard", args=[media.public_id]))
    assert (answer.status_code, Media.objects.count()) == (409, 1)


def test_discard_a_strangers_is_not_there(member):
    theirs = Media.objects.create(workspace=a_workspace(), kind="image", name="x", bytes=1)
    assert member.post(reverse("media_discard", args=[theirs.public_id])).status_code == 404


def test_a_kept_picture_is_served_to_members_alone_and_never_as_a_page(member):
    upload(member, a_picture())
    media = Media.objects.get()
    for name in ("media_file", "media_thumbnail"):
        answer = member.get(reverse(name, args=[media.public_id]))
        assert (answer.status_code, answer["X-Content-Type-Options"]) == (200, "nosniff")
        b"".join(answer)
        assert Client().get(reverse(name, args=[media.public_id])).status_code == 404
