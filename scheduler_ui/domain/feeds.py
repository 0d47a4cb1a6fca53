"""The built-in feed: a view over deliveries that are published. Nothing is visible before its second."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join, linebreaks, urlize
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from scheduler_ui.domain import platform_tools
from scheduler_ui.models import STARTED, Account, Delivery, Media, PostMedia, Status
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import MediaItem
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
    media: tuple[MediaItem, ...]

    @property
    def local_html(self) -> SafeString:
        """For our own page: pictures come from the host that it was asked of, whatever name that goes by."""
        return _html(self.text, self.media, settings.BASE_URL)


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
    """Whether everybody may fetch it now: a feed shows it, or a receiver was sent its address."""
    others = [slug for slug, platform in registry.PLATFORMS.items() if platform.hands_out_media and slug != Feed.slug]
    handed_out = Q(account__platform=Feed.slug, status=Status.PUBLISHED)
    handed_out |= Q(account__platform__in=others, status__in=STARTED)
    out = Delivery.objects.filter(handed_out, post__deleted_at__isnull=True, scheduled_for__lte=now)
    return out.filter(post__attachments__media=media).exists()


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
    media = tuple(platform_tools.media_item(found.media, found.alt) for found in delivery.post.attachments.all())
    return Entry(
        public_id=delivery.post.public_id,
        url=settings.BASE_URL + reverse("feed_entry", args=[feed.remote_id, delivery.post.public_id]),
        title=_title(text),
        text=text,
        html=_html(text, media),
        at=delivery.scheduled_for,
        media=media,
    )


def _title(text: str) -> str:
    lines = text.strip().splitlines()
    return Truncator(lines[0]).chars(TITLE_LENGTH) if lines else ""


def _html(text: str, media: Iterable[MediaItem], base: str = "") -> SafeString:
    """Addresses of media lose `base` at their front."""
    words = linebreaks(urlize(text, nofollow=True, autoescape=True)) if text.strip() else ""
    figures = ((_figure(item, item.url.removeprefix(base)),) for item in media)
    return format_html("{}{}", SafeString(words), format_html_join("", "{}", figures))


def _figure(item: MediaItem, url: str) -> SafeString:
    if item.kind == Media.Kind.VIDEO:
        return format_html('<p><video controls preload="metadata" src="{}"></video></p>', url)
    size = format_html(' width="{}" height="{}"', item.width, item.height) if item.width and item.height else ""
    return format_html('<p><img src="{}" alt="{}"{}></p>', url, item.alt, size)
