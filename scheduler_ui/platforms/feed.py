"""The built-in feed: a page, Atom and JSON Feed that Punctual serves itself. Its publish() is pure."""

import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any

from scheduler_ui.platforms.base import Connected, ConnectField, Content, Kind, Platform, Profile, Tools
from scheduler_ui.platforms.outcomes import ConnectError, Published
from scheduler_ui.platforms.words import gettext as _
from scheduler_ui.platforms.words import gettext_noop

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


class Feed(Platform):
    slug = "feed"
    name = "Feed"
    description = gettext_noop("A page, Atom and JSON feed served from here. Nothing to enter.")
    kind = Kind.KEY  # the post's own id: publishing it twice is publishing it once
    mark = "Fe"
    has_brake = False
    max_images = 10
    takes_video = True
    takes_image_with_video = True
    needs_text = False
    hands_out_media = True
    connect_fields = (
        ConnectField("name", gettext_noop("Name"), initial=gettext_noop("Our feed"), is_required=False),
        ConnectField(
            "slug",
            gettext_noop("Address"),
            help=gettext_noop("Small letters, digits and hyphens, as in /feeds/harbor/. Empty: one is made."),
            is_required=False,
        ),
    )

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Tools) -> Connected:
        name = form.get("name", "").strip() or _("Our feed")
        slug = form.get("slug", "").strip().lower() or _new_slug(name)
        if not SLUG.fullmatch(slug):
            raise ConnectError(_("Use small letters, digits and hyphens, at most 60."), "slug")
        return Connected(_profile(slug, name, tools), {"slug": slug, "name": name})

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {"text": content.text, "post": content.post_id}

    def publish(self, payload: Mapping[str, Any], key: str) -> Published:
        post = str(payload["post"])
        return Published(remote_id=post, url=f"{_url(self._slug, self.tools)}{post}/")

    def profile(self) -> Profile | None:
        return _profile(self._slug, str(self.account.settings.get("name", "")), self.tools)

    @property
    def _slug(self) -> str:
        return str(self.account.settings.get("slug") or self.account.remote_id or self.account.public_id)


def _new_slug(name: str) -> str:
    """The name in plain letters and four more: another workspace may have a feed of the same name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-")
    return f"{stem or 'feed'}-{secrets.token_hex(2)}"


def _profile(slug: str, name: str, tools: Tools) -> Profile:
    return Profile(remote_id=slug, handle=f"/feeds/{slug}/", name=name, url=_url(slug, tools))


def _url(slug: str, tools: Tools) -> str:
    return f"{tools.public_url}/feeds/{slug}/"
