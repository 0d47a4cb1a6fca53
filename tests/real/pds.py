"""A real PDS: started from its script, spoken to as its people would, and tokens of it that have expired."""

import base64
import functools
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

SCRIPT = Path(__file__).parent / "servers" / "pds.sh"
JWT_SECRET = "only-for-tests-on-this-machine"
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
NEEDED = {"npm": "npm", "make": "make", "g++": "g++", "bash": "bash"}


class Missing(Exception):
    """What this machine lacks, in one line."""


@dataclass(frozen=True)
class Person:
    handle: str
    did: str
    password: str
    app_password: str


class Pds:
    """Started on creation; `stop` ends it."""

    def __init__(self) -> None:
        environment = os.environ | {"JWT_SECRET": JWT_SECRET}
        self._process = subprocess.Popen(
            ["bash", str(SCRIPT)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout and self._process.stderr
        for line in self._process.stdout:
            if line.startswith("READY "):
                self.ready = json.loads(line.removeprefix("READY "))
                self.url = self.ready["url"]
                return
        last = self._process.stderr.read().strip().splitlines()[-1:]
        self.stop()
        raise Missing(f"The PDS did not start: {' '.join(last) or 'it said nothing'}")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)

    def call(self, name: str, body: dict | None = None, token: str = "", **params: str) -> dict:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/xrpc/{name}"
        if params:
            answer = httpx.get(url, params=params, headers=headers)
        else:
            answer = httpx.post(url, json=body, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def person(self, name: str) -> Person:
        """A new account with an app password."""
        sign_up = {"handle": f"{name}.test", "email": f"{name}@example.test", "password": f"own-password-of-{name}"}
        account = self.call("com.atproto.server.createAccount", sign_up)
        named = self.call("com.atproto.server.createAppPassword", {"name": "punctual"}, account["accessJwt"])
        return Person(account["handle"], account["did"], sign_up["password"], named["password"])

    def revoke(self, person: Person) -> None:
        """What a person does who no longer trusts an app."""
        mine = {"identifier": person.handle, "password": person.password}
        token = self.call("com.atproto.server.createSession", mine)["accessJwt"]
        self.call("com.atproto.server.revokeAppPassword", {"name": "punctual"}, token)

    def new_app_password(self, person: Person) -> str:
        mine = {"identifier": person.handle, "password": person.password}
        token = self.call("com.atproto.server.createSession", mine)["accessJwt"]
        name = f"punctual {time.time_ns()}"
        return self.call("com.atproto.server.createAppPassword", {"name": name}, token)["password"]

    def records(self, person: Person) -> list[dict]:
        found = self.call("com.atproto.repo.listRecords", repo=person.did, collection="app.bsky.feed.post")
        return found["records"]

    def committed_at(self, person: Person) -> datetime:
        """When the last change to a person's posts arrived, by the server's own clock."""
        letters = self.call("com.atproto.sync.getLatestCommit", did=person.did)["rev"]
        number = functools.reduce(lambda so_far, letter: so_far << 5 | TID_LETTERS.index(letter), letters, 0)
        return datetime.fromtimestamp((number >> 10) / 1_000_000, UTC)

    def blob(self, person: Person, cid: str) -> bytes:
        answer = httpx.get(f"{self.url}/xrpc/com.atproto.sync.getBlob", params={"did": person.did, "cid": cid})
        answer.raise_for_status()
        return answer.content


def expired(token: str) -> str:
    """The same token, an hour after its end: signed with the server's own key, which the test gave it."""
    head, claims, _signature = token.split(".")
    known = json.loads(base64.urlsafe_b64decode(claims + "=="))
    known |= {"iat": int(time.time()) - 10800, "exp": int(time.time()) - 3600}
    signed = f"{head}.{_base64(json.dumps(known).encode())}"
    return f"{signed}.{_base64(hmac.digest(JWT_SECRET.encode(), signed.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def provide_tools() -> None:
    """npm and a compiler: installed where we may, else told in one line. Raises Missing."""
    missing = [package for command, package in NEEDED.items() if not shutil.which(command)]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], **quiet)
        missing = [package for command, package in NEEDED.items() if not shutil.which(command)]
    if missing:
        raise Missing(f"make test-real needs {' '.join(missing)}. Debian: apt install {' '.join(missing)}.")
