"""A server in a thread that answers as a test says, down to the bytes, and remembers what arrived."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from scheduler_ui.platforms.http import Call, Http

LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass(frozen=True)
class Arrival:
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = b""  # bytes, or anything that JSON can say
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        is_raw = isinstance(self.body, bytes)
        body = self.body if is_raw else json.dumps(self.body).encode()
        lines = {"Content-Type": "text/plain" if is_raw else "application/json", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in (lines | self.headers).items())
        return f"HTTP/1.1 {self.status} Words\r\n{head}\r\n".encode() + body


Raw = Callable[[socket.socket], None]


class Stub:
    """`answer` handles an arrival; each of `faults` is used up by one arrival, which it may or may not let through."""

    def __init__(self, answer: Callable[[Arrival], Reply], tls: ssl.SSLContext | None = None):
        self.answer = answer
        self.faults: list[Callable[[socket.socket, Callable[[], Reply]], None]] = []
        self.arrivals: list[Arrival] = []
        self.connections = 0
        self.is_hanging_up = False
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone would leave accept() waiting
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                sock, _peer = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._handle, args=(sock,), daemon=True).start()

    def _handle(self, sock: socket.socket) -> None:
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            with sock:
                if not self.is_hanging_up:
                    self._respond(sock)
        except OSError:
            pass

    def _respond(self, sock: socket.socket) -> None:
        arrival = _read(sock)
        if arrival is None:
            return
        self.arrivals.append(arrival)
        if self.faults:
            self.faults.pop(0)(sock, lambda: self.answer(arrival))
        else:
            sock.sendall(self.answer(arrival).bytes())


def _read(sock: socket.socket) -> Arrival | None:
    data = b""
    while b"\r\n\r\n" not in data:
        block = sock.recv(65536)
        if not block:
            return None
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += sock.recv(65536)
    method, target, _version = first.split(" ")
    url = urlsplit(target)
    return Arrival(method, url.path, dict(parse_qsl(url.query)), headers, body)


# --- What a connection can do to an answer: each of these is a fault --------------------------------------------------


def reset(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    """It had arrived; nobody ever looked at it."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def reset_after(sock: socket.socket, accept: Callable[[], Reply]) -> None:
    accept()
    reset(sock, accept)


def hang_up(sock: socket.socket, accept: Callable[[], Reply]) -> None:
    accept()
    sock.close()


def silence(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.recv(1)  # until the other side gives up


def drip(sock: socket.socket, accept: Callable[[], Reply]) -> None:
    """A byte at a time, so that no single wait is ever long."""
    for byte in accept().bytes() * 50:
        sock.sendall(bytes([byte]))
        time.sleep(0.02)


def drip_body(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    drip(sock, lambda: Reply(body=b"x" * 100))


def half(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"uri": "at://')


def garbage(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.sendall(b"\x00\xfe\xed no protocol\r\n\r\n")


def endless_header(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000_000)


def big(sock: socket.socket, _accept: Callable[[], Reply]) -> None:
    sock.sendall(Reply(body=b"x" * 10_000_000).bytes())


def says(status: int, body: Any = b"", **headers: str) -> Callable[[socket.socket, Callable[[], Reply]], None]:
    """An answer of something in between: nothing was accepted."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda sock, _accept: sock.sendall(Reply(status, body, names).bytes())


def says_after(status: int, body: Any = b"") -> Callable[[socket.socket, Callable[[], Reply]], None]:
    """Accepted, and then something in between says otherwise."""

    def fault(sock: socket.socket, accept: Callable[[], Reply]) -> None:
        accept()
        sock.sendall(Reply(status, body).bytes())

    return fault


# Where nothing was or might not have been accepted, and where it surely was.
WIRE_FAULTS = {
    "reset": reset,
    "silence": silence,
    "drip": drip,
    "half a body": half,
    "garbage": garbage,
    "endless header": endless_header,
    "10 MB": big,
    "HTML": says(200, b"<html>It works!</html>"),
    "nothing": says(200),
    "a list": says(200, [1]),
    "wrong types": says(200, {"uri": 5, "did": [], "accessJwt": {}}),
    "500": says(500, b"oh"),
    "502": says(502, b"<html>Bad gateway</html>"),
    "503": says(503, b"later"),
    "504": says(504),
    "408": says(408),
    "409": says(409, b"conflict"),
    "403 from between": says(403, b"<html>Forbidden</html>"),
    "redirect": says(302, b"", Location="http://127.0.0.1:1/"),
    "nonsense status": says(299 + 400, b"what"),
}
LOST_AFTER_ACCEPTING = {
    "reset": reset_after,
    "hang up": hang_up,
    "500": says_after(500),
    "garbage": says_after(200, b"\0"),
}


class HastyHttp(Http):
    """Real calls that nobody waits 20 s for; `deadlines` are those that were asked for.

    `patience` is long for a busy machine where all is well, and to be cut short where nothing will come.
    """

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.patience = timedelta(seconds=8)
        self.deadlines: list[timedelta] = []

    def send(self, call: Call):
        self.deadlines.append(call.deadline)
        hasty = {**call.__dict__, "deadline": min(call.deadline, self.patience)}
        return super().send(Call(**hasty))


@contextlib.contextmanager
def stub(answer: Callable[[Arrival], Reply], tls: ssl.SSLContext | None = None):
    server = Stub(answer, tls)
    try:
        yield server
    finally:
        server.stop()
