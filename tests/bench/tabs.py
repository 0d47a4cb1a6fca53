"""A thousand open tabs, each with a connection of its own, asking one web process every two seconds.

Run as a program like `tests.bench.ours`; prints one line of JSON.
"""

import asyncio
import html
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from project.start import start
from tests.bench import family, figures
from tests.bench.options import Options
from tests.rig import processes

TABS, PEOPLE, EVERY, WARM_UP, SECONDS = 1000, 50, 2.0, 4, 20
LEAST_ANSWERED = 0.99  # of what was to be asked; a window's edges cut off a few
DUE_AFTER = 100  # near enough for a tab to ask every two seconds, and not due before the end


def run(options: Options) -> dict:
    port = processes.free_port()
    web = processes.start(Path(options.folder), "-m", "gunicorn", *_command(port), **_shape())
    try:
        cookies = _people()
        assert processes.wait_for(lambda: _answers(port), 30), f"no web process, see {options.folder}/rig.log"
        asked = asyncio.run(_ask(port, cookies, web.pid))
    finally:
        processes.end(web)
    return asked


def poll_of(page: str) -> str:
    """The address that a page's region asks again."""
    return html.unescape(re.search(r'hx-get="([^"]*seen=[^"]*)"', page)[1])


class Tab(asyncio.Protocol):
    """One connection; `spent` are the milliseconds of its answers, `odd` what was no 204."""

    def __init__(self, request: bytes, spent: list[float], odd: list[str]):
        self._request, self._spent, self._odd = request, spent, odd
        self._transport: asyncio.Transport | None = None
        self._asked_at = 0.0
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._asked_at:
            self._asked_at = 0.0
            self._odd.append(f"closed before the answer: {error}")

    async def ask(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        if self._asked_at:
            # A browser's tab would not ask again either (hx-sync drops it).
            self._odd.append("no answer within two seconds")
            return
        self._asked_at, self._got = time.perf_counter(), b""
        try:
            if self._transport is None:
                await loop.create_connection(lambda: self, "127.0.0.1", port)
            self._transport.write(self._request)
        except OSError as error:
            self._asked_at = 0.0
            self._odd.append(f"no connection: {error}")

    def data_received(self, data: bytes) -> None:
        self._got += data
        if b"\r\n\r\n" not in self._got:
            return
        if not self._got.startswith(b"HTTP/1.1 204"):
            self._odd.append(self._got[:200].decode(errors="replace"))
        self._spent.append((time.perf_counter() - self._asked_at) * 1000)
        self._asked_at = 0.0


async def _ask(port: int, cookies: list[str], web: int) -> dict:
    loop = asyncio.get_running_loop()
    paths = [await asyncio.to_thread(_poll_path, port, cookie) for cookie in cookies]
    spent: list[float] = []
    odd: list[str] = []
    requests = [_request(path, cookie) for path, cookie in zip(paths, cookies, strict=True)]
    tabs = [Tab(requests[number % PEOPLE], spent, odd) for number in range(TABS)]
    began = loop.time()
    asking = [asyncio.create_task(_every(tab, port, began + EVERY * number / TABS)) for number, tab in enumerate(tabs)]
    await asyncio.sleep(WARM_UP)
    spent.clear()
    odd.clear()
    before, started = family.cpu([web]), time.perf_counter()
    await asyncio.sleep(SECONDS)
    cores = (family.cpu([web]) - before) / (time.perf_counter() - started)
    told = found(spent, odd + [f"a tab gave up: {task.exception()!r}" for task in asking if task.done()])
    for task in asking:
        task.cancel()
    return told | {"cores": round(cores, 3)}


def found(spent: Sequence[float], odd: Sequence[str]) -> dict:
    """What the tabs were answered; what nobody answered is an error, whether or not a tab said so."""
    silent = int(TABS * SECONDS / EVERY * LEAST_ANSWERED) - len(spent) - len(odd)
    odd = [*odd, *["never answered"] * silent]
    counts = {"tabs": TABS, "answers": len(spent), "errors": len(odd)}
    return counts | figures.spread(spent) | ({"first_error": odd[0]} if odd else {})


async def _every(tab: Tab, port: int, at: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(max(at - loop.time(), 0))
        at += EVERY
        await tab.ask(loop, port)


def _request(path: str, cookie: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: sessionid={cookie}", "HX-Request: true"]
    lines += ["User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0", "Accept: text/html"]
    lines += ["Accept-Encoding: gzip, deflate, br", "Accept-Language: en", "Connection: keep-alive"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _poll_path(port: int, cookie: str) -> str:
    import httpx

    page = httpx.get(f"http://localhost:{port}/", cookies={"sessionid": cookie}, timeout=30)
    assert page.status_code == 200
    return poll_of(page.text)


def _people() -> list[str]:
    """The session keys of fifty people, each in a workspace of their own with something due soon."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from tests.bench import filling

    sessions = import_module(settings.SESSION_ENGINE)
    cookies, due = [], datetime.now(UTC).timestamp() + DUE_AFTER
    for number in range(PEOPLE):
        accounts = filling.accounts(f"person{number}", 2, "rehearsal")
        filling.schedule(accounts, {count: due + count * 3600 for count in range(20)})
        user = accounts[0].workspace.memberships.get().user
        session = sessions.SessionStore()
        session.update(
            {
                SESSION_KEY: str(user.pk),
                BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                HASH_SESSION_KEY: user.get_session_auth_hash(),
            }
        )
        session.create()
        cookies.append(session.session_key)
    return cookies


def _command(port: int) -> list[str]:
    """The Procfile's own."""
    lines = (processes.ROOT / "Procfile").read_text().splitlines()
    web = next(line.partition("gunicorn ")[2] for line in lines if line.startswith("web:"))
    return web.replace("${HOST:-127.0.0.1}", "127.0.0.1").replace("${PORT:-8000}", str(port)).split()


def _shape() -> dict[str, str]:
    return {name: os.environ[name] for name in processes.BLANK if name in os.environ}


def _answers(port: int) -> bool:
    import httpx

    try:
        return httpx.get(f"http://localhost:{port}/healthz", timeout=5).status_code < 500
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    start()
    sys.stdout.write(json.dumps(run(Options.read())) + "\n")
