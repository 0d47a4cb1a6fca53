"""Signed JSON to a URL of one's own, as Standard Webhooks says."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks import Webhook as Signer

from scheduler_ui.platforms.base import Connected, ConnectField, Content, Kind, Platform, Problem, Profile, Tools
from scheduler_ui.platforms.http import Call, Http, Response, raise_for
from scheduler_ui.platforms.outcomes import ConnectError, PlatformError, Published, Rejected, Unauthorized
from scheduler_ui.platforms.words import gettext as _
from scheduler_ui.platforms.words import gettext_noop

MOST_BYTES = 20_000
PREFIX = "whsec_"
SHORTEST_HIDDEN = 6  # a shorter path keeps no secret, and is a part of plain words
PING_DEADLINE = timedelta(seconds=10)
# The contract: a receiver that moved or is gone will not take it later either; a redirect is never followed.
NARROWED = (
    dict.fromkeys(range(300, 400), Rejected)
    | dict.fromkeys((400, 403, 404, 405, 406, 411, 413, 414, 415, 422, 431, 451), Rejected)
    | dict.fromkeys((401, 410), Unauthorized)
)


class Webhook(Platform):
    slug = "webhook"
    name = "Webhook"
    description = gettext_noop("Signed JSON to a URL of yours, to go anywhere else.")
    # The contract has receivers drop an id that they have seen, so the same delivery may be sent again under its id.
    kind = Kind.KEY
    mark = "Wh"
    max_images = 10
    takes_video = True
    takes_image_with_video = True
    needs_text = False
    hands_out_media = True
    connect_fields = (
        ConnectField("url", gettext_noop("Address"), "url", gettext_noop("It gets a signed test event at once.")),
        ConnectField("name", gettext_noop("Name"), is_required=False),
        ConnectField(
            "secret",
            gettext_noop("Signing secret"),
            "password",
            gettext_noop("If your receiver has one already: whsec_… Empty: one is made and shown once."),
            is_required=False,
        ),
    )

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Tools) -> Connected:
        url, secret = form.get("url", "").strip(), form.get("secret", "").strip()
        host = _host(url)
        made = "" if secret else _new_secret()
        _check_secret(secret or made)
        _ping(tools.http, url, secret or made, is_secret_known=bool(secret))
        # An address may hold a secret of its own, so it is sealed, and what is shown is where it leads.
        remote_id = hashlib.sha256(url.encode()).hexdigest()[:32]
        profile = Profile(remote_id, host, name=form.get("name", "").strip() or host)
        shown = (_("Signing secret"), made) if made else None
        return Connected(profile, {"host": host}, {"url": url, "secret": secret or made}, shown)

    @classmethod
    def network(cls, public_id: str, settings: Mapping[str, Any]) -> str:
        return f"{cls.slug}:{settings.get('host', public_id)}"

    def check(self, content: Content) -> list[Problem]:
        size = len(_body("post.published", content.at, _data(content)).encode())
        if size < MOST_BYTES:
            return []
        return [Problem(_("The event would be %(size)s bytes long; receivers take 20,000.") % {"size": size})]

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {"text": content.text, "body": _body("post.published", content.at, _data(content))}

    def warm(self) -> None:
        self.http.warm(self._url)

    def publish(self, payload: Mapping[str, Any], key: str) -> Published:
        secret = str(self.account.secrets.get("secret", ""))
        call = _event(self._url, secret, key, str(payload["body"]), self.deadline)
        response = self.http.send(call)
        _raise_for(response)
        return Published(remote_id=key, answer=response.answer)

    @property
    def _url(self) -> str:
        return str(self.account.secrets.get("url", ""))


def _host(url: str) -> str:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        host = ""
    if not host or len(url) > 2000:
        raise ConnectError(_("That is not an address like https://example.org/path."), "url")
    return host


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _check_secret(secret: str) -> None:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ConnectError(_("A signing secret is whsec_ and 24 to 64 bytes in base64."), "secret")


def _ping(http: Http, url: str, secret: str, *, is_secret_known: bool) -> None:
    now = datetime.now(UTC)
    body = _body("punctual.ping", now, {"message": "Punctual can reach this address."})
    call = _event(url, secret, f"ping_{secrets.token_urlsafe(12)}", body, PING_DEADLINE)
    try:
        response = http.send(call)
        # A receiver that checks signatures cannot know a secret that was made this moment.
        if is_secret_known or response.status not in {401, 403}:
            _raise_for(response)
    except PlatformError as error:
        raise ConnectError(str(error), "secret" if isinstance(error, Unauthorized) else "url") from None


def _event(url: str, secret: str, key: str, body: str, deadline: timedelta) -> Call:
    now = datetime.now(UTC)  # receivers drop what was signed more than five minutes ago
    headers = {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(key, now, body) if secret else "",
    }
    path = httpx.URL(url).raw_path.decode().strip("/")  # a 404 likes to repeat it
    hidden = (url, path if len(path) >= SHORTEST_HIDDEN else "", secret, secret.removeprefix(PREFIX))
    return Call("POST", url, headers, content=body.encode(), deadline=deadline, secrets=hidden)


def _raise_for(response: Response) -> None:
    """Any 2xx is done, whatever the body says."""
    words = ""
    if response.status == 401:
        words = _("%(host)s does not accept the signature.") % {"host": response.call.host}
    elif response.status == 410:
        words = _("%(host)s says that this address is gone.") % {"host": response.call.host}
    elif 300 <= response.status < 400:
        words = _("%(host)s answered with a redirect, which is not followed.") % {"host": response.call.host}
    raise_for(response, words, NARROWED)


def _data(content: Content) -> dict[str, Any]:
    media = [
        {"url": item.url, "type": item.content_type, "alt": item.alt, "width": item.width, "height": item.height}
        for item in content.media
    ]
    return {"id": content.post_id, "text": content.text, "media": media, "scheduled_for": _stamp(content.at)}


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    return json.dumps({"type": kind, "timestamp": _stamp(at), "data": data}, ensure_ascii=False, separators=(",", ":"))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
