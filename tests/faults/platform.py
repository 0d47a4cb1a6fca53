"""The rig's platform: as thin as a real one may be, so that the program's own HTTP client and table decide everything.

An account's settings say where its network listens (`base`) and which kind it is; its secrets hold a token pair.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scheduler_ui.platforms.base import AccountData, Content, Kind, Platform, Profile, Tools
from scheduler_ui.platforms.http import Call, Response, lost, raise_for
from scheduler_ui.platforms.outcomes import Expired, Published, Unauthorized


class Rig(Platform):
    slug = "rig"
    name = "Rig"
    mark = "Rg"
    max_length = 5000
    max_images = 4
    deadline = timedelta(seconds=20)

    def __init__(self, account: AccountData, tools: Tools):
        super().__init__(account, tools)
        self.kind = Kind(str(account.settings["kind"]))
        self._base = f"{account.settings['base']}/{account.remote_id}"
        self._token = str(account.secrets.get("access", ""))

    @classmethod
    def network(cls, public_id: str, settings: Mapping[str, Any]) -> str:
        return f"{cls.slug}:{settings.get('base')}"

    def needs_prepare(self, content: Content) -> bool:
        return bool(content.media)

    def prepare(self, content: Content) -> dict[str, Any]:
        """Real networks take pictures before the post."""
        taken = []
        for item in content.media:
            with item.open() as file:
                response = self._send("POST", "media", content=file.read(), is_repeatable=True)
            raise_for(response, _words(response))
            taken.append(response.json()["id"])
        return {"media": taken}

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {"text": content.text, "media": prepared.get("media", [])}

    def warm(self) -> None:
        self.http.warm(self._base)

    def publish(self, payload: Mapping[str, Any], key: str) -> Published:
        response = self._send("POST", "posts", json={"key": key, **payload})
        raise_for(response, _words(response))
        return _published(response, response.json())

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        if self.kind == Kind.BLIND:
            return None
        params = {"key": key} if self.kind == Kind.KEY else {"since": since.isoformat()}
        response = self._send("GET", "posts", params=params, is_repeatable=True)
        raise_for(response, _words(response))
        posts = response.json()["posts"]
        ours = (post for post in posts if post["text"] == payload["text"] and post["id"] not in owned)
        found = next(ours, None)
        return _published(response, found) if found else None

    def refresh(self) -> Mapping[str, Any] | None:
        refresh = str(self.account.secrets.get("refresh", ""))
        if not refresh:
            return None
        response = self._send("POST", "refresh", json={"refresh": refresh}, is_repeatable=True)
        if response.status == 400:
            raise Unauthorized("The rig's network has ended this session.", response.answer)
        raise_for(response, _words(response))
        return {name: response.json()[name] for name in ("access", "refresh")}

    def profile(self) -> Profile | None:
        return Profile(self.account.remote_id, self.account.handle)

    def _send(self, method: str, what: str, **parts: Any) -> Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        call = Call(method, f"{self._base}/{what}", headers, deadline=self.deadline, secrets=(self._token,), **parts)
        response = self.http.send(call)
        if response.status == 401 and _words(response) == "expired":
            raise Expired("The rig's network says that the sign-in has expired.", response.answer)
        return response


def _words(response: Response) -> str:
    return str((response.error_json() or {}).get("error", ""))


def _published(response: Response, found: Mapping[str, Any]) -> Published:
    remote_id = found.get("id")
    if not isinstance(remote_id, str) or not remote_id:
        lost(response.call, "The rig's network gave no id.", response.answer)
    return Published(remote_id, answer=response.answer)
