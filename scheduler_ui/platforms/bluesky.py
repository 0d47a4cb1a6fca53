"""Bluesky and every other AT Protocol server: one record put under a key of our own, as often as need be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.platforms import bluesky_text, images
from scheduler_ui.platforms.base import (
    Connected,
    ConnectField,
    Content,
    Kind,
    MediaItem,
    Platform,
    Problem,
    Profile,
    RemotePost,
    Tools,
)
from scheduler_ui.platforms.bluesky_server import ENTRY, Refused, Server, session_secrets, word
from scheduler_ui.platforms.bluesky_sign_in import sign_in
from scheduler_ui.platforms.outcomes import (
    PlatformError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)
from scheduler_ui.platforms.rates import Rate
from scheduler_ui.platforms.words import gettext as _
from scheduler_ui.platforms.words import gettext_noop

COLLECTION = "app.bsky.feed.post"
MOST_COUNT = 2**63 - 1
IMAGE_BYTES = 1_000_000  # older servers take no more


class Bluesky(Platform):
    slug = "bluesky"
    name = "Bluesky"
    description = gettext_noop("App password, on bsky.social or any other server.")
    kind = Kind.KEY
    mark = "Bs"
    max_length = bluesky_text.MOST_GRAPHEMES
    max_images = 4
    # A post costs 3 of 5,000 points an hour and of 35,000 a day; a server takes 3,000 requests from us in 5 min.
    rates = (
        Rate("account", 5_000 // 3, timedelta(hours=1)),
        Rate("account", 35_000 // 3, timedelta(days=1)),
        Rate("network", 2_800, timedelta(minutes=5)),
    )
    needs_text = False
    can_delete = True
    connect_fields = (
        ConnectField("handle", gettext_noop("Handle"), help=gettext_noop("As in harbor.bsky.social")),
        ConnectField(
            "app_password",
            gettext_noop("App password"),
            "password",
            gettext_noop("Never your own one: make one in Bluesky’s settings, under Privacy and security."),  # noqa: RUF001
        ),
        ConnectField(
            "server",
            gettext_noop("Server"),
            "url",
            gettext_noop("Leave it empty unless your account lives on a server that Bluesky does not know."),
            is_required=False,
        ),
    )

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Tools) -> Connected:
        found = sign_in(form, tools.http)
        return Connected(cls(found, tools).profile(), found.settings, found.secrets)

    def length(self, text: str) -> int:
        return bluesky_text.length(text)

    def check(self, content: Content) -> list[Problem]:
        size = len(content.text.encode())
        if size <= bluesky_text.MOST_BYTES or self.length(content.text) > bluesky_text.MOST_GRAPHEMES:
            return []
        return [Problem(_("Its signs take %(size)s bytes; Bluesky takes 3000.") % {"size": size})]

    def new_key(self, at: datetime, seed: str) -> str:
        return bluesky_text.tid_of(at, seed)

    @classmethod
    def network(cls, public_id: str, settings: Mapping[str, Any]) -> str:
        return f"{cls.slug}:{settings.get('server') or ENTRY}"

    def needs_prepare(self, content: Content) -> bool:
        return bool(content.media or bluesky_text.mentioned(content.text))

    def prepare(self, content: Content) -> dict[str, Any]:
        people = {handle: self._did(handle) for handle in bluesky_text.mentioned(content.text)}
        pictures = [self._upload(item) for item in content.media if item.kind == "image"]
        return {"people": {handle: did for handle, did in people.items() if did}, "images": pictures}

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        record: dict[str, Any] = {
            "$type": COLLECTION,
            "text": content.text,
            "createdAt": bluesky_text.stamp(content.at),
        }
        facets = bluesky_text.facets(content.text, prepared.get("people", {}))
        if facets:
            record["facets"] = facets
        if prepared.get("images"):
            record["embed"] = {"$type": "app.bsky.embed.images", "images": prepared["images"]}
        return {"text": content.text, "record": record}

    def warm(self) -> None:
        self.http.warm(self._server.url)

    def publish(self, payload: Mapping[str, Any], key: str) -> Published:
        body = {"repo": self._repo, "collection": COLLECTION, "rkey": key, "record": payload["record"]}
        server = self._server.within_one_deadline()
        try:
            response = server.publish(body | {"swapRecord": None})
        except Refused as refusal:
            if refusal.name != "InvalidSwap":
                raise
            return self._compared(payload, key, refusal, server)
        if response.json().get("uri") != self._uri(key):
            raise Unconfirmed(_("Bluesky answered, but not about this post."), response.answer)
        return self._published(key, response.answer)

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        return self._published(key) if self._record(key, self._server) == payload["record"] else None

    def recent(self, most: int) -> list[RemotePost]:
        said = self._server.get(
            "com.atproto.repo.listRecords", repo=self._repo, collection=COLLECTION, limit=str(most)
        ).get("records")
        records = [record for record in said if isinstance(record, dict)] if isinstance(said, list) else []
        return [self._remote_post(record) for record in records if isinstance(record.get("uri"), str)][:most]

    def refresh(self) -> Mapping[str, Any]:
        server = replace(self._server, token=str(self.account.secrets.get("refresh", "")))
        try:
            session = server.post("com.atproto.server.refreshSession")
        except (Unauthorized, Rejected) as error:
            raise Unauthorized(str(error), error.answer) from None
        return session_secrets(session)

    def profile(self) -> Profile:
        session = self._server.get("com.atproto.server.getSession")
        if session.get("active") is False:
            raise Unauthorized(_("The account is not active."))
        said = self._public_profile()
        handle = word(session, "handle")
        return Profile(
            remote_id=self._repo,
            handle=handle,
            name=str(said.get("displayName") or ""),
            url=f"https://bsky.app/profile/{self._repo}",
            avatar_url=str(said.get("avatar") or ""),
            followers=_count(said.get("followersCount")),
            posts_count=_count(said.get("postsCount")),
            limits={"image_bytes": self._image_bytes()},
        )

    def delete(self, remote_id: str) -> None:
        key = remote_id.rsplit("/", 1)[-1]
        body = {"repo": self._repo, "collection": COLLECTION, "rkey": key}
        self._server.post("com.atproto.repo.deleteRecord", body)

    @property
    def _server(self) -> Server:
        url = str(self.account.settings.get("server") or ENTRY)
        return Server(self.http, url, str(self.account.secrets.get("access", "")), self.deadline)

    @property
    def _repo(self) -> str:
        return self.account.remote_id

    def _uri(self, key: str) -> str:
        return f"at://{self._repo}/{COLLECTION}/{key}"

    def _published(self, key: str, answer: str = "") -> Published:
        return Published(self._uri(key), f"https://bsky.app/profile/{self._repo}/post/{key}", answer)

    def _remote_post(self, record: dict[str, Any]) -> RemotePost:
        uri, value = record["uri"][:300], record.get("value")
        value = value if isinstance(value, dict) else {}
        text = value.get("text")
        at = bluesky_text.read_stamp(value.get("createdAt"))
        url = self._published(uri.rsplit("/", 1)[-1]).url
        return RemotePost(uri, text[:3000] if isinstance(text, str) else "", at, url)

    def _compared(self, payload: Mapping[str, Any], key: str, refusal: Refused, server: Server) -> Published:
        """Something is there under our key: it is ours if it says the same."""
        try:
            is_ours = self._record(key, server) == payload["record"]
        except PlatformError as error:
            raise Unconfirmed(str(error), error.answer) from None
        if is_ours:
            return self._published(key, refusal.answer)
        raise refusal

    def _record(self, key: str, server: Server) -> Any:
        try:
            found = server.get("com.atproto.repo.getRecord", repo=self._repo, collection=COLLECTION, rkey=key)
        except Refused as refusal:
            if refusal.name == "RecordNotFound" or "Could not locate record" in str(refusal):
                return None
            raise
        return found.get("value")

    def _did(self, handle: str) -> str:
        """Whom a mention means; nobody of that name leaves it as plain words."""
        try:
            return str(self._server.get("com.atproto.identity.resolveHandle", handle=handle).get("did") or "")
        except Rejected:
            return ""

    def _upload(self, item: MediaItem) -> dict[str, Any]:
        most = int(self.account.limits.get("image_bytes") or self._image_bytes())
        try:
            with item.open() as file:
                picture = images.fit(file.read(), item.content_type, most)
        except ValueError:
            raise Rejected(_("%(name)s is not a picture that can be read.") % {"name": item.name}) from None
        blob = self._server.upload(picture.data, picture.content_type).get("blob")
        if not isinstance(blob, dict):
            raise Unavailable(_("Bluesky took a picture and did not say where it is."))
        size = {"width": picture.width, "height": picture.height}
        return {"image": blob, "alt": item.alt, "aspectRatio": size}

    def _image_bytes(self) -> int:
        limit = self._server.get("com.atproto.server.describeServer").get("blobUploadLimit")
        return min(limit, IMAGE_BYTES) if isinstance(limit, int) and limit > 0 else IMAGE_BYTES

    def _public_profile(self) -> dict[str, Any]:
        """Counts and picture; a server without an AppView has none, and that is no fault."""
        try:
            return self._server.get("app.bsky.actor.getProfile", actor=self._repo)
        except (Rejected, Unavailable):
            return {}


def _count(value: Any) -> int | None:
    """A server may say anything; a number that nobody can keep is none."""
    return value if type(value) is int and 0 <= value <= MOST_COUNT else None
