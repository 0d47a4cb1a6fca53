"""The built-in feed as anybody may read it: a page, its entries, Atom and JSON Feed."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from scheduler_ui.domain import feeds
from scheduler_ui.domain.feeds import Entry
from scheduler_ui.models import Account

# Asked again each time: what is deleted must be gone at once, and what has not changed costs a 304.
fresh = cache_control(no_cache=True)


@require_safe
@conditional_page
@fresh
def page(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "feeds/page.html", _shown(slug))


@require_safe
@conditional_page
@fresh
def entry(request: HttpRequest, slug: str, post_id: str) -> HttpResponse:
    feed = _find(slug)
    found = feeds.entry(feed, post_id, timezone.now())
    if found is None:
        raise Http404
    return render(request, "feeds/entry.html", _links(feed) | {"entry": found})


@require_safe
@conditional_page
@fresh
def atom(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "feeds/atom.xml", _shown(slug), content_type="application/atom+xml; charset=utf-8")


@require_safe
@conditional_page
@fresh
def json_feed(request: HttpRequest, slug: str) -> HttpResponse:
    shown = _shown(slug)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": str(shown["feed"]),
        "home_page_url": shown["page_url"],
        "feed_url": shown["json_url"],
        "items": [_item(entry) for entry in shown["entries"]],
    }
    return JsonResponse(document, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False})


def _find(slug: str) -> Account:
    feed = feeds.find(slug)
    if feed is None:
        raise Http404
    return feed


def _shown(slug: str, now: datetime | None = None) -> dict:
    feed = _find(slug)
    entries = feeds.entries(feed, now or timezone.now())
    return _links(feed) | {"entries": entries, "updated_at": feeds.updated_at(entries, feed)}


def _links(feed: Account) -> dict:
    names = {"page_url": "feed", "atom_url": "feed_atom", "json_url": "feed_json"}
    return {"feed": feed} | {key: feeds.feed_url(feed, name) for key, name in names.items()}


def _item(entry: Entry) -> dict:
    item = {"id": entry.url, "url": entry.url, "content_html": entry.html, "content_text": entry.text}
    item["date_published"] = entry.at.isoformat()
    if entry.title:
        item["title"] = entry.title
    if entry.media:
        item["attachments"] = [_attachment(media) for media in entry.media]
    return item


def _attachment(media) -> dict:
    found = {"url": media.url, "mime_type": media.content_type, "size_in_bytes": media.bytes}
    return found | ({"title": media.alt} if media.alt else {})
