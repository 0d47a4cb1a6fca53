"""A pretend network in a process of its own, with its own append-only log; it does what its script says.

Run as a program: `python -m tests.faults.network FOLDER [PORT]`; prints its port. An account's name begins with its
kind: `key-1` refuses a repeated key and returns the same id, `lookup-1` lists its recent posts, `blind-1` does neither.

What arrives as a post is one line in FOLDER/network.jsonl:
    {"at", "account", "key", "text_sha256", "accepted"}
Every other request is one in FOLDER/requests.jsonl: {"at", "account", "method", "what", "status"}.

A script line, sent as JSON to POST /_script, is used up by the first `times` requests that it fits:
    {"match": "key-*/posts", "do": "500_after", "times": 3, "status": 503, "seconds": 1, "headers": {}, "body": ""}
`match` is a pattern of account/what; `text` narrows it to posts that hold these words; `after` says whether the post
is accepted first. POST /_tokens gives accounts their token pairs; POST /_clear forgets the script.
"""

import asyncio
import fnmatch
import hashlib
import json
import os
import secrets
import socket
import struct
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REASONS = {200: "OK", 201: "Created", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}
NEVER = 86_400
BIG = 10_000_000_000
BLOCK = b"x" * 65536
LISTED = 2000


@dataclass
class Line:
    """One line of the script, and how often it may still be used."""

    match: str
    do: str
    times: int = 10**9
    seconds: float = 0
    status: int = 500
    text: str = ""
    after: bool | None = None
    method: str = ""
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def fits(self, request: "Request") -> bool:
        return (
            self.times > 0
            and fnmatch.fnmatch(f"{request.account}/{request.what}", self.match)
            and (not self.method or self.method == request.method)
            and (not self.text or self.text in request.text)
        )

    @property
    def accepts(self) -> bool:
        """Whether the post is taken before the answer goes wrong."""
        if self.after is not None:
            return self.after
        return self.do in {"delay", "500_after", "reset_after", "garbage", "drip"}


@dataclass(frozen=True)
class Request:
    method: str
    account: str
    what: str
    params: dict[str, str]
    token: str
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body or b"{}"))

    @property
    def text(self) -> str:
        return str(self.json.get("text", "")) if self.what == "posts" and self.method == "POST" else ""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        head = f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Words')}\r\nConnection: close\r\n"
        lines = {"Content-Type": "application/json", "Content-Length": str(len(self.body))} | self.headers
        return (head + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n").encode() + self.body


def says(status: int, value: Any, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), headers)


class AppendOnly:
    """A log whose lines are whole or not there, however this process ends."""

    def __init__(self, path: Path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, **line: Any) -> None:
        stamped = {"at": datetime.now(UTC).isoformat(timespec="microseconds"), **line}
        os.write(self._file, json.dumps(stamped).encode() + b"\n")


class Network:
    """What the accounts hold, the script, and the two logs."""

    def __init__(self, folder: Path):
        self.log = AppendOnly(folder / "network.jsonl")
        self.requests = AppendOnly(folder / "requests.jsonl")
        self.posts: dict[str, list[dict[str, Any]]] = {}
        self.by_key: dict[tuple[str, str], dict[str, Any]] = {}
        self.script: list[Line] = []
        self.tokens: dict[str, dict[str, str]] = {}

    # --- The honest half ----------------------------------------------------------------------------------------------

    def accept(self, request: Request) -> Answer:
        """A post that is taken, or known already: the line is in the log before anybody hears of it."""
        sent = request.json
        key, text = str(sent.get("key", "")), str(sent.get("text", ""))
        known = self.by_key.get((request.account, key)) if request.account.startswith("key") else None
        self.write_down(request, is_accepted=known is None)
        if known:
            return says(200, {"id": known["id"]})
        post = {"id": secrets.token_hex(8), "text": text, "key": key, "at": datetime.now(UTC).isoformat()}
        self.posts.setdefault(request.account, []).append(post)
        self.by_key[request.account, key] = post
        return says(201, {"id": post["id"]})

    def write_down(self, request: Request, *, is_accepted: bool) -> None:
        digest = hashlib.sha256(request.text.encode()).hexdigest()
        key = str(request.json.get("key", ""))
        self.log.write(account=request.account, key=key, text_sha256=digest, accepted=is_accepted)

    def answer(self, request: Request) -> Answer:
        refused = self.refused_token(request)
        if refused:
            if request.what == "posts" and request.method == "POST":
                self.write_down(request, is_accepted=False)
            return refused
        if request.what == "refresh":
            return self.refresh(request)
        if request.what == "media":
            return says(201, {"id": secrets.token_hex(6)})
        return self.accept(request) if request.method == "POST" else self.listed(request)

    def listed(self, request: Request) -> Answer:
        kind = request.account.partition("-")[0]
        found = self.posts.get(request.account, [])
        if kind == "blind":
            return says(404, {"error": "this network lists nothing"})
        if kind == "key":
            found = [post for post in found if post["key"] == request.params.get("key")]
        else:
            found = [post for post in found if post["at"] >= request.params.get("since", "")]
        return says(200, {"posts": [{"id": post["id"], "text": post["text"]} for post in found[-LISTED:]]})

    def refused_token(self, request: Request) -> Answer | None:
        pair = self.tokens.get(request.account)
        if pair is None or request.what == "refresh" or pair["access"] == request.token:
            return None
        return says(401, {"error": "expired" if pair["refresh"] else "revoked"})

    def refresh(self, request: Request) -> Answer:
        """A refresh token works once; using an old one again ends the session, as OAuth's best practice says."""
        pair = self.tokens[request.account]
        if request.json.get("refresh") != pair["refresh"] or not pair["refresh"]:
            pair["access"] = pair["refresh"] = ""
            return says(400, {"error": "invalid_grant"})
        pair["access"], pair["refresh"] = secrets.token_hex(8), secrets.token_hex(8)
        return says(200, dict(pair))

    # --- The other half -----------------------------------------------------------------------------------------------

    def take_line(self, request: Request) -> Line | None:
        line = next((line for line in self.script if line.fits(request)), None)
        if line:
            line.times -= 1
        return line

    def control(self, what: str, body: bytes) -> Answer:
        sent = json.loads(body or b"null")
        if what == "_script":
            self.script += [Line(**line) for line in sent]
        elif what == "_clear":
            self.script.clear()
        elif what == "_tokens":
            self.tokens |= sent
        return says(200, {"left": [line.times for line in self.script]})


class Server:
    def __init__(self, network: Network):
        self.network = network

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
            if request is not None:
                await self.respond(request, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def respond(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.account.startswith("_"):
            await send(writer, self.network.control(request.account, request.body).bytes())
            return
        line = self.network.take_line(request)
        is_post = request.what == "posts" and request.method == "POST"
        if line is None:
            answer = self.network.answer(request)
            self.note(request, answer.status)
            await send(writer, answer.bytes())
            return
        answer = says(500, {})
        if line.accepts:
            answer = self.network.answer(request)
        elif is_post:
            self.network.write_down(request, is_accepted=False)
        self.note(request, -1)
        await DO[line.do](Misbehaving(line, answer, request, writer))

    def note(self, request: Request, status: int) -> None:
        if request.what != "posts" or request.method != "POST":
            self.network.requests.write(
                account=request.account, method=request.method, what=request.what, status=status
            )


@dataclass(frozen=True)
class Misbehaving:
    """One request that meets a line of the script; `answer` is what an honest network would have said."""

    line: Line
    answer: Answer
    request: Request
    writer: asyncio.StreamWriter

    async def silence(self) -> None:
        await asyncio.sleep(self.line.seconds or NEVER)

    async def delay(self) -> None:
        await asyncio.sleep(self.line.seconds)
        await send(self.writer, self.answer.bytes())

    async def slow_down(self) -> None:
        await send(self.writer, says(429, {"error": "slow down"}, **dated(self.line.headers)).bytes())

    async def says(self) -> None:
        body = b"{}" if self.line.body is None else self.line.body.encode()
        await send(self.writer, Answer(self.line.status, body, self.line.headers).bytes())

    async def reset(self) -> None:
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def garbage(self) -> None:
        await send(self.writer, (self.line.body or "\x00\xfe\xed no protocol\r\n\r\n").encode("latin-1"))

    async def drip(self) -> None:
        for byte in self.answer.bytes():
            await send(self.writer, bytes([byte]))
            await asyncio.sleep(self.line.seconds or 5)

    async def redirect(self) -> None:
        there = {"Location": f"/{self.request.account}/{self.request.what}"}
        await send(self.writer, Answer(302, b"", there).bytes())

    async def flood(self) -> None:
        """Ten gigabytes, for whoever goes on reading."""
        await send(self.writer, f"HTTP/1.1 200 OK\r\nContent-Length: {BIG}\r\n\r\n".encode())
        for _ in range(BIG // len(BLOCK)):
            await send(self.writer, BLOCK)


DO = {
    "silence": Misbehaving.silence,
    "delay": Misbehaving.delay,
    "429": Misbehaving.slow_down,
    "says": Misbehaving.says,
    "500_before": Misbehaving.says,
    "500_after": Misbehaving.says,
    "reset_before": Misbehaving.reset,
    "reset_after": Misbehaving.reset,
    "garbage": Misbehaving.garbage,
    "drip": Misbehaving.drip,
    "redirect": Misbehaving.redirect,
    "flood": Misbehaving.flood,
}


def dated(headers: dict[str, str]) -> dict[str, str]:
    """`Retry-After: date:7` becomes the HTTP date of seven seconds from now."""
    made = {}
    for name, value in headers.items():
        if value.startswith("date:"):
            at = datetime.fromtimestamp(datetime.now(UTC).timestamp() + float(value[5:]), UTC)
            value = format_datetime(at, usegmt=True)
        made[name] = value
    return made


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None  # a connection that was opened ahead and never used
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, target, _version = first.split(" ")
    url = urlsplit(target)
    account, _, what = unquote(url.path).strip("/").partition("/")
    params = {name: values[0] for name, values in parse_qs(url.query).items()}
    token = headers.get("authorization", "").removeprefix("Bearer ")
    return Request(method, account, what, params, token, body)


async def main(folder: Path, port: int) -> None:
    server = await asyncio.start_server(Server(Network(folder)).serve, "127.0.0.1", port, backlog=2048)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
