"""Sockets under one deadline: what takes too long ends, however the other side spreads its bytes."""

import socket
import ssl
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

from scheduler_ui.platforms.targets import Network, Resolver, allowed

BLOCK = 65536


class Stream(httpcore.NetworkStream):
    """A connection whose every step ends at `until` (monotonic seconds), whatever time-out it is asked for."""

    def __init__(self, sock: socket.socket, until: float):
        self._socket = sock
        self.until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(left(self.until, httpcore.ReadTimeout))
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout("no answer in time") from None
        except OSError as error:
            raise httpcore.ReadError(_reason(error)) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            while rest:
                self._socket.settimeout(left(self.until, httpcore.WriteTimeout))
                rest = rest[self._socket.send(rest[:BLOCK]) :]
        except TimeoutError:
            raise httpcore.WriteTimeout("not taken in time") from None
        except OSError as error:
            raise httpcore.WriteError(_reason(error)) from None

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Stream":
        if isinstance(self._socket, ssl.SSLSocket):
            return self  # opened ahead
        try:
            self._socket.settimeout(left(self.until, httpcore.ConnectTimeout))
            self._socket = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError:
            self.close()
            raise httpcore.ConnectTimeout("TLS took too long") from None
        except (OSError, ValueError) as error:
            self.close()
            raise httpcore.ConnectError(_reason(error)) from None
        return self

    def is_quiet(self) -> bool:
        """Whether the other side has neither spoken nor hung up: a connection that was opened ahead is still good."""
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        return None


class Line(httpcore.NetworkBackend):
    """One call's way out: resolves once, judges every address, connects to those very addresses."""

    def __init__(self, until: float, resolver: Resolver, trusted: tuple[Network, ...], *, is_plain: bool):
        self._until = until
        self._resolver = resolver
        self._trusted = trusted
        self._is_plain = is_plain
        self.ready: Stream | None = None  # a connection opened ahead, used instead of a new one

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Stream:
        if self.ready:
            self.ready.until = self._until
            return self.ready
        try:
            found = self._resolver(host, port, left(self._until, httpcore.ConnectTimeout))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(_reason(error)) from None
        except OSError as error:
            raise httpcore.ConnectError(_reason(error)) from None
        return self._connect(allowed(host, found, self._trusted, is_plain=self._is_plain), port)

    def _connect(self, addresses: list[str], port: int) -> Stream:
        failure: Exception = httpcore.ConnectError("it has no address")
        for number, address in enumerate(addresses):
            wait = left(self._until, httpcore.ConnectTimeout) / (len(addresses) - number)
            try:
                sock = socket.create_connection((address, port), wait)
            except TimeoutError:
                failure = httpcore.ConnectTimeout("no connection in time")
            except OSError as error:
                failure = httpcore.ConnectError(_reason(error))
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return Stream(sock, self._until)
        raise failure


def left(until: float, error: type[Exception]) -> float:
    """Seconds until the deadline. Raises `error` when there are none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise error("the time was up")
    return seconds


@cache
def shared_tls_context() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a post may be late. SSL_CERT_FILE is honoured."""
    return httpx.create_ssl_context()


def _reason(error: Exception) -> str:
    words = getattr(error, "strerror", None) or getattr(error, "verify_message", None) or str(error)
    return str(words or type(error).__name__)
