import json
from datetime import timedelta
from io import BytesIO

import feedparser
import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image

from scheduler_ui.domain import feeds
from scheduler_ui.models import Delivery, Media, Post, PostMedia, Status
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return a_workspace(a_user())


@pytest.fixture
def feed(workspace):
    return an_account(workspace, platform="feed", remote_id="harbor", name="Harbor & Sons")


def out(feed, **fields):
    post = {
        "scheduled_for": NOW,
        "status": Status.PUBLISHED,
        "text": "Winter roast\nis back <b>on</b> https://h.example",
    }
    return a_post(feed.workspace, feed, **post | fields)


def a_picture(post, **fields):
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    return attach(post, drawn.getvalue(), "image/png", ".png", width=40, height=30, **fields)


def a_film(post):
    return attach(post, bytes(range(256)) * 4, "video/mp4", ".mp4", kind=Media.Kind.VIDEO, alt="")


def attach(post, data, content_type, suffix, kind=Media.Kind.IMAGE, alt="A cup & saucer", **fields):
    media = Media(
        workspace=post.workspace, kind=kind, name="photo", content_type=content_type, bytes=len(data), **fields
    )
    media.file.save(f"x{suffix}", ContentFile(data), save=False)
    media.save()
    PostMedia.objects.create(post=post, media=media, alt=alt, position=post.attachments.count())
    return media


def status_of(client, name, *args, at=NOW):
    with time_machine.travel(at, tick=False):
        return asked(client, name, *args)


def asked(client, name, *args):
    response = client.get(reverse(name, args=args))
    b"".join(response)  # to the end, or the file would stay open
    return response.status_code


def documents(client, feed):
    with time_machine.travel(NOW, tick=False):
        names = ("feed_atom", "feed_json")
        return [client.get(reverse(name, args=[feed.remote_id])) for name in names]


def test_before_its_second_and_after_its_deletion_all_of_it_is_404(client, feed):
    post = out(feed)
    media = a_picture(post)

    def seen(at):
        entry, file = status_of(client, "feed_entry", "harbor", post.public_id, at=at), None
        file = status_of(client, "media_file", media.public_id, at=at)
        return entry, file

    assert [seen(NOW - SECOND), seen(NOW)] == [(404, 404), (200, 200)]
    Post.objects.update(deleted_at=NOW)
    assert seen(NOW + SECOND) == (404, 404)


@pytest.mark.parametrize("status", [status for status in Status if status != Status.PUBLISHED])
def test_only_what_is_published_is_seen(client, feed, status):
    post = out(feed, status=status)
    media = a_picture(post)
    assert status_of(client, "feed_entry", "harbor", post.public_id, at=NOW + SECOND) == 404
    assert status_of(client, "media_file", media.public_id, at=NOW + SECOND) == 404
    assert feeds.entries(feed, NOW + SECOND) == []


def test_what_went_out_elsewhere_is_not_in_the_feed(client, feed, workspace):
    post = a_post(workspace, an_account(workspace), scheduled_for=NOW, status=Status.PUBLISHED)
    media = a_picture(post)
    assert feeds.entries(feed, NOW) == []
    assert status_of(client, "media_file", media.public_id) == 404


def test_a_receiver_may_fetch_what_it_is_sent(workspace, monkeypatch, fake):
    monkeypatch.setattr(fake, "hands_out_media", True)
    hook = an_account(workspace, platform="fake")
    post = a_post(workspace, hook, scheduled_for=NOW, status=Status.PUBLISHING)
    media = a_picture(post)
    moments = [feeds.is_public(media, NOW - SECOND), feeds.is_public(media, NOW)]
    Delivery.objects.update(status=Status.FAILED, due_at=None)
    assert [*moments, feeds.is_public(media, NOW)] == [False, True, False]


def test_another_feeds_entry_is_404_here(client, feed, workspace):
    other = an_account(workspace, platform="feed", remote_id="other")
    assert status_of(client, "feed_entry", "other", out(feed).public_id) == 404
    assert status_of(client, "feed", "nobody") == 404
    assert feeds.entries(other, NOW) == []


def test_atom_parses_with_right_enclosures(client, feed):
    post = out(feed)
    picture, film = a_picture(post), a_film(post)
    parsed = feedparser.parse(documents(client, feed)[0].content)
    [entry] = parsed.entries
    assert (parsed.bozo, parsed.version, parsed.feed.title) == (False, "atom10", "Harbor & Sons")
    assert (entry.title, entry.published) == ("Winter roast", "2026-11-23T08:00:00+00:00")
    assert entry.link.endswith(f"/feeds/harbor/{post.public_id}/")
    assert "&lt;b&gt;on&lt;/b&gt;" in entry.content[0].value
    assert 'href="https://h.example"' in entry.content[0].value
    assert [(link.type, int(link.length)) for link in entry.enclosures] == [
        ("image/png", picture.bytes),
        ("video/mp4", film.bytes),
    ]


def test_json_feed_parses_with_right_attachments(client, feed):
    # No released feedparser reads JSON Feed, so the test reads it itself.
    post = out(feed)
    picture, film = a_picture(post), a_film(post)
    response = documents(client, feed)[1]
    document = json.loads(response.content)
    assert response["Content-Type"] == "application/feed+json"
    assert {name: value for name, value in document.items() if name != "items"} == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbor & Sons",
        "home_page_url": feeds.feed_url(feed),
        "feed_url": feeds.feed_url(feed, "feed_json"),
    }
    [item] = document["items"]
    assert (item["id"], item["title"], item["date_published"]) == (
        item["url"],
        "Winter roast",
        "2026-11-23T08:00:00+00:00",
    )
    assert item["content_text"] == post.text
    assert [(part["mime_type"], part["size_in_bytes"], part.get("title")) for part in item["attachments"]] == [
        ("image/png", picture.bytes, "A cup & saucer"),
        ("video/mp4", film.bytes, None),
    ]


def test_enclosures_lead_to_those_very_bytes(client, feed):
    media = a_picture(out(feed))
    [entry] = feedparser.parse(documents(client, feed)[0].content).entries
    with time_machine.travel(NOW, tick=False):
        response = client.get(entry.enclosures[0].href.removeprefix("http://localhost:8000"))
    body = b"".join(response.streaming_content)
    assert (len(body), response["Content-Type"], response["X-Content-Type-Options"]) == (
        media.bytes,
        "image/png",
        "nosniff",
    )


def test_what_no_xml_may_hold_is_left_out(client, feed):
    out(feed, text="bell\x07 and \ufffe and ]]> and \U0001f600")
    parsed = feedparser.parse(documents(client, feed)[0].content)
    assert (parsed.bozo, parsed.entries[0].title) == (False, "bell and  and ]]> and \U0001f600")


def test_a_text_cannot_bring_markup_into_the_page(client, feed):
    out(feed, text="<script>alert(1)</script> javascript:alert(1)")
    with time_machine.travel(NOW, tick=False):
        page = client.get(reverse("feed", args=["harbor"])).content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_an_unchanged_feed_costs_a_304(client, feed):
    out(feed)
    first = documents(client, feed)[0]
    with time_machine.travel(NOW, tick=False):
        again = client.get(reverse("feed_atom", args=["harbor"]), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_members_see_their_media_before_and_strangers_do_not(client, feed, workspace):
    media = a_picture(out(feed, status=Status.DRAFT))
    member, stranger = workspace.memberships.get().user, a_user()
    a_workspace(stranger)
    answers = []
    for person in (member, stranger):
        client.force_login(person)
        answers.append(asked(client, "media_file", media.public_id))
    assert answers == [200, 404]


@pytest.mark.parametrize(
    ("asked", "status", "content_range", "body"),
    [
        ("bytes=0-3", 206, "bytes 0-3/1024", b"\x00\x01\x02\x03"),
        ("bytes=1020-", 206, "bytes 1020-1023/1024", b"\xfc\xfd\xfe\xff"),
        ("bytes=-2", 206, "bytes 1022-1023/1024", b"\xfe\xff"),
        ("bytes=1022-9999", 206, "bytes 1022-1023/1024", b"\xfe\xff"),
        ("bytes=1024-", 416, "bytes */1024", b""),
        ("bytes=0-1,4-5", 200, None, bytes(range(256)) * 4),
    ],
)
def test_a_player_may_ask_for_a_part(client, feed, asked, status, content_range, body):
    film = a_film(out(feed))
    with time_machine.travel(NOW, tick=False):
        response = client.get(reverse("media_file", args=[film.public_id]), headers={"Range": asked})
        assert b"".join(response) == body
    assert (response.status_code, response.headers.get("Content-Range")) == (status, content_range)


@pytest.mark.parametrize("count", [1, 3])
def test_a_feed_costs_as_many_queries_for_three_as_for_one(client, feed, count, django_assert_num_queries):
    for _ in range(count):
        a_picture(out(feed))
    with time_machine.travel(NOW, tick=False), django_assert_num_queries(4):
        client.get(reverse("feed", args=["harbor"]))


def test_page_takes_its_pictures_from_the_host_that_was_asked(client, feed):
    media = a_picture(out(feed))
    with time_machine.travel(NOW, tick=False):
        page = client.get(reverse("feed", args=["harbor"]), headers={"host": "127.0.0.1"})
    where = reverse("media_file", args=[media.public_id])
    assert f'<img src="{where}"' in page.content.decode()
