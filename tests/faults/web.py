"""The real web process, and a person's browser as far as forms go: a session, a page's fields, a form sent."""

import os
import re
import subprocess
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx

from tests.rig import processes

if TYPE_CHECKING:
    from tests.faults.stage import Stage


class Web:
    """The Procfile's own line on a free port; may be killed and started again on the same one."""

    def __init__(self, stage: "Stage"):
        self._stage = stage
        self.port = processes.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self, *, is_awaited: bool = True) -> None:
        lines = (processes.ROOT / "Procfile").read_text().splitlines()
        command = next(line for line in lines if line.startswith("web:")).partition(":")[2].strip()
        given = self._stage.environment(HOST="127.0.0.1", PORT=str(self.port))
        given["PATH"] = f"{processes.ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        with (self._stage.folder / "rig.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=processes.ROOT,
                env=processes.environment(self._stage.data, **given),
                stdout=log,
                stderr=log,
            )
        self._stage.look_after(self.process)
        if is_awaited and not processes.wait_for(self.is_up, 60, 0.05):
            raise AssertionError(f"the web process did not answer: {self._stage.log_tail()}")

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.base}/healthz", timeout=5).status_code < 600
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL to gunicorn and its child, which would else live on."""
        import psutil

        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        for child in children:
            if child.is_running():
                child.kill()
                child.wait(5)

    def person(self) -> "Person":
        return Person(self)


class Person:
    """Somebody who is signed in; what cannot be reached is told as an httpx error."""

    def __init__(self, web: Web):
        self._base = web.base
        self._client = httpx.Client(base_url=web.base, timeout=60, cookies={"sessionid": _session(web._stage)})

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path, follow_redirects=True)

    def took(self, path: str) -> float:
        """Seconds until the page was there. Raises where it is no page."""
        began = time.monotonic()
        self.get(path).raise_for_status()
        return time.monotonic() - began

    def form(self, path: str) -> dict[str, Any]:
        """The composer's fields as the page has them."""
        parser = Fields()
        page = self.get(path)
        page.raise_for_status()
        parser.feed(page.text)
        return parser.fields

    def send(self, path: str, fields: dict[str, Any]) -> httpx.Response:
        """Send a form as a browser without scripts does; redirects are the answer."""
        token = {"X-CSRFToken": self._client.cookies.get("csrftoken") or self._token()}
        return self._client.post(path, data=fields, headers=token | {"Origin": self._base})

    def upload(self, path: str, name: str, data: bytes) -> httpx.Response:
        """One file as the request's whole body, as the composer's script sends it."""
        token = {"X-CSRFToken": self._client.cookies.get("csrftoken") or self._token()}
        return self._client.post(path, content=data, headers=token | {"Origin": self._base, "X-File-Name": name})

    def _token(self) -> str:
        self.get("/posts/new/")
        return str(self._client.cookies.get("csrftoken"))


class Fields(HTMLParser):
    """Every named input of the form #composer with the value that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._is_inside = False
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("id") == "composer"
        name = given.get("name")
        if not self._is_inside or not name:
            return
        if tag == "textarea":
            self._open = name
            self.fields.setdefault(name, "")
        elif tag == "input" and given.get("type") not in {"checkbox", "radio", "file", "submit"}:
            self.fields[name] = given.get("value") or ""
        elif tag == "input" and "checked" in given:
            self.fields.setdefault(name, []).append(given.get("value") or "on")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        if tag == "textarea":
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.fields[self._open] += data


def _session(stage: "Stage") -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    user, _ = stage.people()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def words(response: httpx.Response) -> str:
    """A page's text without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))
