"""One HTTP call, and the one table that says what its outcome means.

A call has one deadline from its first step to its last byte, a cap on what it reads, no redirects, no proxy, no
cookies, and a connection of its own: a publish that rode on a kept one could not tell a stale connection from a lost
answer. `warm` opens that connection ahead.
"""

import json
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn

import httpcore
import httpx

from scheduler_ui.platforms.answers import masked, retry_after, storable
from scheduler_ui.platforms.outcomes import PlatformError, Rejected, Unauthorized, Unavailable, Unconfirmed
from scheduler_ui.platforms.targets import Forbidden, Network, Resolver, system_resolver
from scheduler_ui.platforms.wire import Line, Stream
from scheduler_ui.platforms.wire import shared_tls_context as shared_tls_context
from scheduler_ui.platforms.words import gettext as _

MOST_BYTES = 1_000_000
WARM_FOR = 5.0  # seconds; who opened a connection earlier than this is better off with a new one
AGENT = "Punctual"

# The table. What it does not name is unknown: a lost answer.
NOT_SENT = (
    *(httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout),
    *(httpcore.UnsupportedProtocol, httpcore.LocalProtocolError),
)
REFUSED: dict[int, type[PlatformError]] = dict.fromkeys((400, 403, 404, 413, 422), Rejected) | {401: Unauthorized}


@dataclass(frozen=True)
class Call:
    """One request. `is_repeatable`: sending it twice harms nobody, so a lost answer is merely Unavailable."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    deadline: timedelta = timedelta(seconds=20)
    most_bytes: int = MOST_BYTES
    is_repeatable: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)  # never to be seen in an answer

    @property
    def host(self) -> str:
        return httpx.URL(self.url).host


@dataclass(frozen=True)
class Response:
    """An answer whose status line arrived; `is_whole`: its body too, within deadline and cap."""

    call: Call
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    is_whole: bool
    received_at: datetime

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def answer(self) -> str:
        """The other side's own words, fit to be kept."""
        try:
            line = f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            line = str(self.status)
        return masked(f"{line}\n{self.body.decode(errors='replace')}".strip(), self.call.secrets)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises what a lost answer raises."""
        found = self.error_json()
        if found is None:
            lost(self.call, _("%(host)s gave an answer that cannot be read.") % {"host": self.call.host}, self.answer)
        return found

    def error_json(self) -> dict[str, Any] | None:
        """The body as a JSON object, None where it is something else."""
        try:
            found = storable(json.loads(self.body)) if self.is_whole else None
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class Http:
    """The way out, shared by all threads of a process; making one is cheap."""

    def __init__(
        self,
        trusted_networks: Iterable[Network] = (),
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ):
        self._trusted = tuple(trusted_networks)
        self._resolver = resolver
        self._tls = tls
        self._warm = threading.local()

    def send(self, call: Call) -> Response:
        """Send and read. Raises Unavailable (surely not sent), Rejected (no such target), Unconfirmed (unknown)."""
        until = time.monotonic() + call.deadline.total_seconds()
        try:
            request = _request(call)
            line = self._line(request.url, until)
            line.ready = self._take_warm(request.url)
            return _exchange(call, request, self._connection(request.url, line))
        except (Forbidden, httpx.InvalidURL) as error:
            raise Rejected(masked(str(error), call.secrets)) from None
        except UnicodeError:
            raise Rejected(_("It holds characters that cannot be sent.")) from None
        except NOT_SENT as error:
            raise Unavailable(_("%(host)s could not be reached: %(reason)s.") % _names(error, call)) from None
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            lost(call, _("The answer of %(host)s was lost: %(reason)s.") % _names(error, call))

    def fetch(self, url: str, most_bytes: int = MOST_BYTES) -> bytes:
        """Read something public, whole."""
        response = self.send(Call("GET", url, most_bytes=most_bytes, is_repeatable=True))
        raise_for(response, _("%(host)s does not give it.") % {"host": response.call.host})
        if not response.is_whole:
            raise Unavailable(_("What %(host)s gives is too long.") % {"host": response.call.host})
        return response.body

    def warm(self, url: str, wait: timedelta = timedelta(seconds=2)) -> None:
        """Open the connection that this thread's next call to that address will use; failing is no matter."""
        try:
            target = httpx.URL(url)
            self.close()
            stream = self._line(target, time.monotonic() + wait.total_seconds()).connect_tcp(target.host, _port(target))
            if target.scheme == "https":
                stream = stream.start_tls(self._tls_context(), target.raw_host.decode())
        except Exception:
            return  # the call itself will say what is wrong
        self._warm.kept = (_origin(target), stream, time.monotonic())

    def close(self) -> None:
        """Let go of the connection that this thread opened ahead, if it is still waiting."""
        kept = getattr(self._warm, "kept", None)
        self._warm.kept = None
        if kept:
            kept[1].close()

    def _take_warm(self, url: httpx.URL) -> Stream | None:
        kept: tuple[tuple[str, str, int], Stream, float] | None = getattr(self._warm, "kept", None)
        self._warm.kept = None
        if kept is None:
            return None
        origin, stream, at = kept
        if origin == _origin(url) and time.monotonic() - at < WARM_FOR and stream.is_quiet():
            return stream
        stream.close()
        return None

    def _line(self, url: httpx.URL, until: float) -> Line:
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise Forbidden(_("That is not an address like https://example.org/path."))
        return Line(until, self._resolver, self._trusted, is_plain=url.scheme == "http")

    def _connection(self, url: httpx.URL, line: Line) -> httpcore.HTTPConnection:
        tls = self._tls_context() if url.scheme == "https" else None
        origin = httpcore.Origin(url.raw_scheme, url.raw_host, _port(url))
        return httpcore.HTTPConnection(origin, ssl_context=tls, network_backend=line)

    def _tls_context(self) -> ssl.SSLContext:
        return self._tls or shared_tls_context()


def raise_for(response: Response, words: str, narrowed: Mapping[int, type[PlatformError]] | None = None) -> None:
    """Nothing for a success, else what the status means.

    `words`: the platform's own error in its body; '' = it has none, so something in between may have answered.
    `narrowed`: what a platform's contract says about a status.
    """
    if response.is_success:
        return
    status, call = response.status, response.call
    if status == 429:
        wait = retry_after(response.headers.get("retry-after"), response.received_at)
        sentence = words or _("%(host)s asks us to slow down.") % {"host": call.host}
        raise Unavailable(sentence, response.answer, retry_after=wait, is_rate_limit=True)
    kind = (narrowed or {}).get(status) or (REFUSED.get(status) if words else None)
    sentence = words or _("%(host)s answered %(status)s.") % {"host": call.host, "status": status}
    if kind:
        raise kind(sentence, response.answer)
    lost(call, sentence, response.answer)


def lost(call: Call, sentence: str, answer: str = "") -> NoReturn:
    """Nobody knows whether it arrived; where that does no harm, it did not."""
    raise (Unavailable if call.is_repeatable else Unconfirmed)(sentence, answer)


def _names(error: Exception, call: Call) -> dict[str, str]:
    """What a sentence names; an error's own words may repeat what was sent or received."""
    is_ours = isinstance(error, httpcore.LocalProtocolError)
    reason = _("it holds characters that cannot be sent") if is_ours else masked(str(error), call.secrets)
    return {"host": call.host, "reason": reason}


def _request(call: Call) -> httpx.Request:
    headers = {"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
    parts: dict[str, Any] = {"params": call.params or None, "json": call.json, "content": call.content}
    return httpx.Request(call.method, call.url, headers=headers | dict(call.headers), **parts)


def _exchange(call: Call, request: httpx.Request, connection: httpcore.HTTPConnection) -> Response:
    url = request.url
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = httpcore.Request(request.method, target, headers=request.headers.raw, content=request.read())
    try:
        answer = connection.handle_request(sent)
        body, is_whole = _read(answer, call.most_bytes)
    finally:
        connection.close()
    return Response(call, answer.status, httpx.Headers(answer.headers), body, is_whole, datetime.now(UTC))


def _read(answer: httpcore.Response, most_bytes: int) -> tuple[bytes, bool]:
    body = b""
    try:
        for block in answer.iter_stream():
            body += block
            if len(body) > most_bytes:
                return body[:most_bytes], False
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
        return body, False  # the status has arrived, and may be all that matters
    return body, True


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port(url)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
