"""The fake platform: it does what the test's script says and remembers what it was sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from scheduler_ui.platforms.base import AccountData, Connected, ConnectField, Kind, Platform, Profile, RemotePost
from scheduler_ui.platforms.outcomes import Accepted, Published


class FakePlatform(Platform):
    slug = "fake"
    name = "Fake"
    kind = Kind.KEY
    max_length = 300
    connect_fields = (ConnectField("handle", "Handle"), ConnectField("password", "App password", "password"))
    # Each call takes the next of its list; with none left it succeeds.
    script: ClassVar[dict[str, list[Any]]] = {}
    calls: ClassVar[list[tuple[str, Any]]] = []
    # What each look-up was told to be other posts'.
    owned: ClassVar[list[frozenset[str]]] = []

    @classmethod
    def reset(cls, kind: Kind = Kind.KEY) -> None:
        cls.kind, cls.script, cls.calls, cls.owned = kind, {}, [], []

    def _next(self, name: str, detail: Any, default: Any) -> Any:
        type(self).calls.append((name, detail))
        steps = self.script.get(name) or []
        step = steps.pop(0) if steps else default
        if callable(step):
            step = step()
        if isinstance(step, Exception):
            raise step
        return step

    def publish(self, payload: Mapping[str, Any], key: str) -> Published | Accepted:
        return self._next(
            "publish", (payload["text"], key), Published(f"remote-{key}", "https://fake.example/1", "200")
        )

    def follow(self, handle: Mapping[str, Any], payload: Mapping[str, Any]) -> Published | Accepted:
        return self._next("follow", dict(handle), Published("followed"))

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        type(self).owned.append(owned)
        return self._next("find", key, None)

    def recent(self, most: int) -> list[RemotePost] | None:
        return self._next("recent", most, None)

    def needs_prepare(self, content: Any) -> bool:
        return "prepare" in self.script

    def prepare(self, content: Any) -> dict[str, Any]:
        return self._next("prepare", content.text, {"blob": 1})

    def refresh(self) -> Mapping[str, Any] | None:
        return self._next("refresh", self.account.public_id, {"token": "new"})

    def profile(self) -> Profile | None:
        return self._next("profile", self.account.public_id, None)

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Any) -> Connected:
        who = form.get("handle", "harbor")
        found = Connected(Profile(f"did:{who}", f"@{who}", name=who.title()), {"server": "here"}, {"token": "old"})
        return cls(AccountData("new"), tools)._next("connect", dict(form), found)
