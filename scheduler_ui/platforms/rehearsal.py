"""A pretend network that publishes nothing and does what one asks of it, so that the promises can be proved at home."""

import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from scheduler_ui.platforms.base import (
    AccountData,
    Connected,
    ConnectField,
    Content,
    Kind,
    Platform,
    Profile,
    RemotePost,
    Tools,
)
from scheduler_ui.platforms.outcomes import (
    Accepted,
    ConnectError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)
from scheduler_ui.platforms.rehearsal_log import RehearsalLog
from scheduler_ui.platforms.words import gettext as _
from scheduler_ui.platforms.words import gettext_noop

KINDS = (
    ("key", gettext_noop("Key: the same key twice is one post")),
    ("lookup", gettext_noop("Look-up: own recent posts can be listed")),
    ("blind", gettext_noop("Blind: neither, so a person is asked")),
)
BEHAVIOURS = (
    ("accept", gettext_noop("Accept")),
    ("delay", gettext_noop("Accept, and answer after some seconds")),
    ("process", gettext_noop("Accept, and publish after some seconds")),
    ("refuse", gettext_noop("Refuse")),
    ("429", gettext_noop("429: ask to wait some seconds")),
    ("500_before", gettext_noop("500 before accepting")),
    ("500_after", gettext_noop("500 after accepting")),
    ("lost", gettext_noop("Accept, and lose the answer")),
    ("silence", gettext_noop("Say nothing until the time is up")),
    ("unauthorized", gettext_noop("No longer let us in")),
)
REPEATED = "repeated"
EVER = datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
MOST_SECONDS = 86_400


class Rehearsal(Platform):
    slug = "rehearsal"
    name = "Rehearsal"
    description = gettext_noop("A pretend network that delays, refuses and loses answers at your wish.")
    mark = "Re"
    max_length = 500
    max_images = 4
    takes_video = True
    has_settings_page = True
    connect_fields = (
        ConnectField("name", gettext_noop("Name"), initial=gettext_noop("Rehearsal"), is_required=False),
        ConnectField(
            "kind", gettext_noop("Kind of network"), "select", initial="key", choices=KINDS, is_required=False
        ),
    )
    settings_fields = (
        ConnectField("kind", gettext_noop("Kind of network"), "select", initial="key", choices=KINDS),
        ConnectField("behaviour", gettext_noop("What it does"), "select", initial="accept", choices=BEHAVIOURS),
        ConnectField(
            "times",
            gettext_noop("How many times"),
            "number",
            help=gettext_noop("It does so with the next ones that arrive, then accepts. Empty: with every one."),
            is_required=False,
        ),
        ConnectField("seconds", gettext_noop("Seconds"), "number", initial="5", is_required=False),
    )

    def __init__(self, account: AccountData, tools: Tools):
        super().__init__(account, tools)
        self.kind = Kind(str(account.settings.get("kind", Kind.KEY)))

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Tools) -> Connected:
        name = form.get("name", "").strip() or _("Rehearsal")
        handle = re.sub(r"[\W_]+", "-", name.lower()).strip("-") or secrets.token_hex(4)
        kind = form.get("kind") or "key"
        if kind not in dict(KINDS):
            raise ConnectError(_("Choose a kind of network."), "kind")
        return Connected(Profile(remote_id=handle, handle=handle, name=name), {"name": name, "kind": kind})

    @classmethod
    def configure(cls, form: Mapping[str, str], account: AccountData, tools: Tools) -> dict[str, Any]:
        """The account's settings with a new behaviour, counted from now on. Raises ConnectError."""
        kind, behaviour = form.get("kind", "key"), form.get("behaviour", "accept")
        for name, value, choices in (("kind", kind, KINDS), ("behaviour", behaviour, BEHAVIOURS)):
            if value not in dict(choices):
                raise ConnectError(_("Choose one of the list."), name)
        new = {"kind": kind, "behaviour": behaviour, "times": _whole(form, "times"), "seconds": _whole(form, "seconds")}
        return dict(account.settings) | new | {"already": _log(tools).count(account.public_id, behaviour)}

    @classmethod
    def network(cls, public_id: str, settings: Mapping[str, Any]) -> str:
        """Each account is a network of its own, with a behaviour of its own."""
        return f"{cls.slug}:{public_id}"

    def needs_prepare(self, content: Content) -> bool:
        return bool(content.media)

    def prepare(self, content: Content) -> dict[str, Any]:
        """As a real network would take the pictures before the post; here nothing need be sent for it."""
        return {"media": [{"name": item.name, "alt": item.alt} for item in content.media]}

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        return {"text": content.text, "media": prepared.get("media", [])}

    def publish(self, payload: Mapping[str, Any], key: str) -> Published | Accepted:
        log, account, text = _log(self.tools), self.account.public_id, str(payload["text"])
        behaviour = self._behaviour()
        known = log.find(account, key) if self.kind == Kind.KEY else None
        is_accepted = known is None and behaviour in {"accept", "delay", "process", "500_after", "lost"}
        added = log.add(account, key, text, REPEATED if known else behaviour, is_accepted=is_accepted)
        self.tools.sent()
        return self._published(known) if known else self._answer(behaviour, added)

    def follow(self, handle: Mapping[str, Any], payload: Mapping[str, Any]) -> Published | Accepted:
        left = datetime.fromisoformat(str(handle["ready_at"])) - datetime.now(UTC)
        if left > timedelta():
            return Accepted(handle, left, "It is being processed.")
        return self._published(str(handle["remote_id"]))

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        log, account = _log(self.tools), self.account.public_id
        if self.kind == Kind.KEY:
            known = log.find(account, key)
            return self._published(known) if known else None
        if self.kind == Kind.BLIND:
            return None
        ours = (id for id, text, _at in log.recent(account, since) if text == payload["text"] and id not in owned)
        found = next(ours, None)
        return self._published(found) if found else None

    def recent(self, most: int) -> list[RemotePost] | None:
        if self.kind == Kind.BLIND:
            return None
        arrived = _log(self.tools).recent(self.account.public_id, EVER)
        return [RemotePost(id, text, at, self._published(id).url) for id, text, at in islice(arrived, most)]

    def profile(self) -> Profile | None:
        return Profile(self.account.remote_id, self.account.handle, name=str(self.account.settings.get("name", "")))

    def _behaviour(self) -> str:
        """What is asked for, until it has been done so many times."""
        settings = self.account.settings
        behaviour, times = str(settings.get("behaviour", "accept")), settings.get("times")
        if not times or behaviour == "accept":
            return behaviour
        done = _log(self.tools).count(self.account.public_id, behaviour) - int(settings.get("already", 0))
        return behaviour if done < int(times) else "accept"

    def _answer(self, behaviour: str, added: str) -> Published | Accepted:
        seconds = int(self.account.settings.get("seconds") or 5)
        if behaviour in {"delay", "silence"}:
            self._wait(seconds if behaviour == "delay" else MOST_SECONDS)
        elif behaviour == "process":
            ready_at = datetime.now(UTC) + timedelta(seconds=seconds)
            handle = {"remote_id": added, "ready_at": ready_at.isoformat()}
            return Accepted(handle, timedelta(seconds=seconds), "202 Accepted")
        elif behaviour in {"500_before", "500_after"}:
            raise Unconfirmed(_("The rehearsal network answered 500."), "500 Internal Server Error")
        elif behaviour == "lost":
            raise Unconfirmed(_("The rehearsal network lost its answer."))
        elif behaviour != "accept":
            self._refuse(behaviour, timedelta(seconds=seconds))
        return self._published(added)

    def _refuse(self, behaviour: str, wait: timedelta) -> None:
        if behaviour == "429":
            sentence = _("The rehearsal network asks us to slow down.")
            raise Unavailable(sentence, "429 Too Many Requests", retry_after=wait, is_rate_limit=True)
        if behaviour == "unauthorized":
            raise Unauthorized(_("The rehearsal network no longer lets us in."), "401 Unauthorized")
        raise Rejected(_("The rehearsal network refused it, as it was told to."), "422 Unprocessable Content")

    def _wait(self, seconds: int) -> None:
        most = self.deadline.total_seconds()
        time.sleep(min(seconds, most))
        if seconds >= most:
            raise Unconfirmed(_("The rehearsal network did not answer in time."))

    def _published(self, remote_id: str) -> Published:
        url = f"{self.tools.public_url}/accounts/{self.account.public_id}/rehearsal/"
        return Published(remote_id, url, "201 Created")


def _log(tools: Tools) -> RehearsalLog:
    if tools.rehearsal is None:
        raise Unavailable(_("The rehearsal network is not at hand."))
    return tools.rehearsal


def _whole(form: Mapping[str, str], name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) > MOST_SECONDS:
        raise ConnectError(_("A whole number, or nothing."), name)
    return int(text)
