"""The outside truth: one network in the three kinds, which remembers what it has taken and does what it is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from scheduler_ui.platforms.base import AccountData, Kind, Platform, Tools
from scheduler_ui.platforms.outcomes import (
    Accepted,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)

# How a call to publish may end. `lost_before` and `lost_after` look the same to the caller.
OUTCOMES = (
    *("ok", "rejected", "unauthorized", "unavailable", "rate_limit"),
    *("lost_before", "lost_after", "broken_after", "processing"),
)


@dataclass
class RemotePost:
    account: str
    key: str
    text: str
    at: float
    remote_id: str


@dataclass
class Network:
    """`time` is its own clock; `took` is called with every post that it takes and when it was sent."""

    time: Callable[[], float]
    took: Callable[[RemotePost, float], None]
    posts: list[RemotePost] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)
    finds: list[str] = field(default_factory=list)
    prepares: list[str] = field(default_factory=list)
    # Called while a request is on its way, for what happens elsewhere meanwhile; gives the moment at which it began.
    under_way: Callable[[], float] = lambda: 0.0
    # A post shows in the account's list only after so many seconds.
    lag: float = 0.0

    def take(self, post: RemotePost, sent_at: float, *, is_keyed: bool) -> RemotePost:
        same = [known for known in self.posts if is_keyed and (known.account, known.key) == (post.account, post.key)]
        if same:
            return same[0]
        self.posts.append(post)
        self.took(post, sent_at)
        return post

    def calm_down(self) -> None:
        for script in (self.outcomes, self.follows, self.finds, self.prepares):
            script.clear()


REFUSALS: dict[str, Callable[[], Exception]] = {
    "rejected": lambda: Rejected("It is not wanted."),
    "unauthorized": lambda: Unauthorized("Sign in again."),
    "unavailable": lambda: Unavailable("No connection."),
    "rate_limit": lambda: Unavailable("Too many.", retry_after=timedelta(seconds=42), is_rate_limit=True),
    "lost_before": lambda: Unconfirmed("No answer."),
}


class NetworkPlatform(Platform):
    slug, name = "net", "Net"
    outside: Network

    def __init__(self, account: AccountData, tools: Tools):
        super().__init__(account, tools)
        self._me = account.public_id

    def needs_prepare(self, content: Any) -> bool:
        return content.text.startswith("picture")

    def prepare(self, content: Any) -> dict[str, Any]:
        step = self.outside.prepares.pop(0) if self.outside.prepares else "ok"
        if step in REFUSALS:
            raise REFUSALS[step]()
        return {"blob": content.text}

    def freeze(self, content: Any, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {"text": content.text, **prepared}

    def publish(self, payload: Mapping[str, Any], key: str) -> Published | Accepted:
        network = self.outside
        step = network.outcomes.pop(0) if network.outcomes else "ok"
        sent_at = network.under_way()
        if step in REFUSALS:
            raise REFUSALS[step]()
        assert payload.get("blob", payload["text"]) == payload["text"], "prepared for another version"
        post = RemotePost(self._me, key, payload["text"], network.time(), f"r{len(network.posts)}")
        post = network.take(post, sent_at, is_keyed=self.kind == Kind.KEY)
        self.tools.sent()
        if step == "lost_after":
            raise Unconfirmed("No answer.")
        if step == "broken_after":
            raise ValueError("a mistake in the platform's code")
        if step == "processing":
            return Accepted({"id": post.remote_id}, timedelta(seconds=5))
        return Published(post.remote_id)

    def follow(self, handle: Mapping[str, Any], payload: Mapping[str, Any]) -> Published | Accepted:
        step = self.outside.follows.pop(0) if self.outside.follows else "ok"
        self.outside.under_way()
        if step == "rejected":
            self.outside.posts[:] = [post for post in self.outside.posts if post.remote_id != handle["id"]]
        if step in REFUSALS:
            raise REFUSALS[step]()
        if step == "processing":
            return Accepted(handle, timedelta(seconds=5))
        return Published(handle["id"])

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        network = self.outside
        step = network.finds.pop(0) if network.finds else "ok"
        network.under_way()
        if step in REFUSALS and step != "rejected":
            raise REFUSALS[step]()
        mine = [post for post in network.posts if post.account == self._me]
        if self.kind == Kind.KEY:
            return next((Published(post.remote_id) for post in mine if post.key == key), None)
        listed = [post for post in mine if post.at + network.lag <= network.time() and post.remote_id not in owned]
        listed = [post for post in listed if datetime.fromtimestamp(post.at, UTC) >= since]
        return next((Published(post.remote_id) for post in listed if post.text == payload["text"]), None)


class KeyNet(NetworkPlatform):
    slug, kind = "net-key", Kind.KEY


class LookupNet(NetworkPlatform):
    slug, kind = "net-lookup", Kind.LOOKUP


class BlindNet(NetworkPlatform):
    slug, kind = "net-blind", Kind.BLIND


KINDS = (KeyNet, LookupNet, BlindNet)
