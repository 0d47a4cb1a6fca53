"""Calls to an AT Protocol server, what its errors mean."""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.platforms.answers import masked, retry_after
from scheduler_ui.platforms.http import Call, Http, Response, raise_for
from scheduler_ui.platforms.outcomes import Expired, PlatformError, Rejected, Unauthorized, Unavailable
from scheduler_ui.platforms.words import gettext as _

ENTRY = "https://bsky.social"
DEADLINE = timedelta(seconds=15)  # while there is no account yet that has one

# PLATFORMS: these names decide, before the status does.
SIGN_IN_ERRORS: dict[str, type[PlatformError]] = {
    "ExpiredToken": Expired,
    "InvalidToken": Unauthorized,
    "AuthMissing": Unauthorized,
    "AuthenticationRequired": Unauthorized,
    "AccountDeactivated": Unauthorized,
    "AccountSuspended": Unauthorized,
    "AccountTakedown": Unauthorized,
    "RepoDeactivated": Unauthorized,
    "RepoSuspended": Unauthorized,
    "RepoTakendown": Unauthorized,
}


class Refused(Rejected):
    """A refusal with the protocol's own name for it."""

    def __init__(self, name: str, sentence: str, answer: str):
        super().__init__(sentence, answer)
        self.name = name


@dataclass(frozen=True)
class Server:
    """One server, spoken to with one token ('' = as anybody); each call has `deadline`, and all end by `until`."""

    http: Http
    url: str
    token: str = field(default="", repr=False)
    deadline: timedelta = DEADLINE
    until: float | None = None  # monotonic seconds

    def within_one_deadline(self) -> "Server":
        """The same, where all calls from now on share the deadline of one."""
        return replace(self, until=time.monotonic() + self.deadline.total_seconds())

    def get(self, name: str, **params: str) -> dict[str, Any]:
        """Ask; harmless to repeat."""
        return self._send(Call("GET", self._url(name), self._headers(), params, **self._rest())).json()

    def post(self, name: str, body: Mapping[str, Any] | None = None, *hidden: str) -> dict[str, Any]:
        """Tell something that may be told twice. `hidden`: what in `body` must not be seen again."""
        rest = self._rest(*hidden)
        return self._send(Call("POST", self._url(name), self._headers(), json=body, **rest)).json()

    def upload(self, data: bytes, content_type: str) -> dict[str, Any]:
        headers = self._headers() | {"Content-Type": content_type}
        rest = self._rest()
        return self._send(Call("POST", self._url("com.atproto.repo.uploadBlob"), headers, content=data, **rest)).json()

    def publish(self, body: Mapping[str, Any]) -> Response:
        """The one call whose answer must not be lost."""
        rest = self._rest() | {"is_repeatable": False}
        return self._send(Call("POST", self._url("com.atproto.repo.putRecord"), self._headers(), json=body, **rest))

    def _send(self, call: Call) -> Response:
        response = self.http.send(call)
        if not response.is_success:
            _raise(response)
        return response

    def _url(self, name: str) -> str:
        return f"{self.url}/xrpc/{name}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _rest(self, *hidden: str) -> dict[str, Any]:
        left = self.deadline if self.until is None else timedelta(seconds=self.until - time.monotonic())
        return {"deadline": left, "is_repeatable": True, "secrets": (self.token, *hidden)}


def session_secrets(session: Mapping[str, Any]) -> dict[str, str]:
    return {"access": word(session, "accessJwt"), "refresh": word(session, "refreshJwt")}


def word(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Unavailable(_("Bluesky answered without what it should have said."))
    return value


def _raise(response: Response) -> None:
    said = response.error_json() or {}
    name, message = _text(said.get("error")), _text(said.get("message"))
    host = response.call.host
    words = masked(message or name, response.call.secrets)[:300]
    sentence = _("%(host)s said “%(words)s”.") % {"host": host, "words": words} if name else ""
    if response.status == 429:
        wait = retry_after(response.headers.get("retry-after") or _until_reset(response), response.received_at)
        slow_down = sentence or _("%(host)s asks us to slow down.") % {"host": host}
        raise Unavailable(slow_down, response.answer, retry_after=wait, is_rate_limit=True)
    is_refusal = 400 <= response.status < 500
    if is_refusal and name in SIGN_IN_ERRORS:
        raise SIGN_IN_ERRORS[name](sentence, response.answer)
    try:
        raise_for(response, sentence)
    except Rejected as error:
        raise Refused(name, str(error), error.answer) from None


def _until_reset(response: Response) -> str | None:
    """The moment at which the server's own count begins again, as seconds from now."""
    with contextlib.suppress(ValueError, OverflowError, OSError):
        reset = datetime.fromtimestamp(int(response.headers.get("ratelimit-reset", "")), response.received_at.tzinfo)
        return str(max(int((reset - response.received_at).total_seconds()), 0) + 1)
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
