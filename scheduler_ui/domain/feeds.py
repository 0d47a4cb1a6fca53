"""The built-in feed: a view over deliveries that are published. Nothing is visible before its second."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join, linebreaks, urlize
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from scheduler_ui.domain import platform_tools
from scheduler_ui.models import Account, Delivery, Media, PostMedia, Status
from scheduler_ui.platforms.feed import Feed

NEWEST = 50
TITLE_LENGTH = 80
# What no XML document may hold, not even escaped.
UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Entry:
    """One published post as its readers see it; `html` is safe, everything else is plain."""

    public_id: str
    url: str
    title: str
    text: str
    html: SafeString
    at: datetime
    attachments: tuple[PostMedia, ...]


def find(slug: str) -> Account | None:
    """A feed stays readable when it is paused or disconnected: what is out is out."""
    return Account.objects.filter(platform=Feed.slug, remote_id=slug).first()


def entries(feed: Account, now: datetime) -> list[Entry]:
    """The newest ones, newest first."""
    return [_entry(delivery, feed) for delivery in _visible(now).filter(account=feed)[:NEWEST]]


def entry(feed: Account, post_public_id: str, now: datetime) -> Entry | None:
    delivery = _visible(now).filter(account=feed, post__public_id=post_public_id).first()
    return _entry(delivery, feed) if delivery else None


def is_public(media: Media, now: datetime) -> bool:
    """Whether some feed shows it to everybody now."""
    return _visible(now).filter(post__attachments__media=media).exists()


def media_url(attachment: PostMedia) -> str:
    return platform_tools.media_url(attachment.media)


def feed_url(feed: Account, name: str = "feed") -> str:
    return settings.BASE_URL + reverse(name, args=[feed.remote_id])


def updated_at(shown: Iterable[Entry], feed: Account) -> datetime:
    return max((entry.at for entry in shown), default=feed.created_at)


def _visible(now: datetime) -> QuerySet[Delivery]:
    out = Delivery.objects.filter(account__platform=Feed.slug, status=Status.PUBLISHED)
    out = out.filter(post__deleted_at__isnull=True, scheduled_for__lte=now)
    attachments = Prefetch("post__attachments", PostMedia.objects.select_related("media"))
    return out.select_related("post").prefetch_related(attachments).order_by("-scheduled_for", "-pk")


def _entry(delivery: Delivery, feed: Account) -> Entry:
    assert delivery.scheduled_for is not None
    text = UNSPEAKABLE.sub("", delivery.content)
    attachments = tuple(delivery.post.attachments.all())
    return Entry(
        public_id=delivery.post.public_id,
        url=settings.BASE_URL + reverse("feed_entry", args=[feed.remote_id, delivery.post.public_id]),
        title=_title(text),
        text=text,
        html=_html(text, attachments),
        at=delivery.scheduled_for,
        attachments=attachments,
    )


def _title(text: str) -> str:
    lines = text.strip().splitlines()
    return Truncator(lines[0]).chars(TITLE_LENGTH) if lines else ""


def _html(text: str, attachments: Iterable[PostMedia]) -> SafeString:
    words = linebreaks(urlize(text, nofollow=True, autoescape=True)) if text.strip() else ""
    return format_html("{}{}", SafeString(words), format_html_join("", "{}", ((_figure(a),) for a in attachments)))


def _figure(attachment: PostMedia) -> SafeString:
    media = attachment.media
    if media.kind == Media.Kind.VIDEO:
        return format_html('<p><video controls src="{}"></video></p>', media_url(attachment))
    size = format_html(' width="{}" height="{}"', media.width, media.height) if media.width and media.height else ""
    return format_html('<p><img src="{}" alt="{}"{}></p>', media_url(attachment), attachment.alt, size)
