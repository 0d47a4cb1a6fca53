"""What a platform is: plain Python that knows neither models nor settings.

An instance is made for one account and used by one thread: `platform_class(account, tools)`.
`publish` returns Published or Accepted, or raises one of the four errors; nothing else may leave it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, BinaryIO, ClassVar

from scheduler_ui.platforms.http import Http
from scheduler_ui.platforms.outcomes import Accepted, Published
from scheduler_ui.platforms.rates import Rate
from scheduler_ui.platforms.rehearsal_log import RehearsalLog


class Kind(StrEnum):
    """What can be done after an answer was lost."""

    KEY = "key"  # send again under the same key: the platform keeps one
    LOOKUP = "lookup"  # the account's own recent posts can be listed
    BLIND = "blind"  # neither: a person must look


@dataclass(frozen=True)
class AccountData:
    """An account as plain values; `secrets` never shows in a repr."""

    public_id: str
    remote_id: str = ""
    handle: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MediaItem:
    """One picture or video of a post; `open()` gives its bytes."""

    public_id: str
    kind: str  # "image" or "video"
    name: str
    content_type: str
    bytes: int
    width: int | None
    height: int | None
    alt: str
    url: str  # where Punctual itself serves it once the post is out
    open: Callable[[], BinaryIO] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Content:
    """What is to be published. `at` is the promised instant (aware UTC)."""

    post_id: str
    text: str
    at: datetime
    media: tuple[MediaItem, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What a platform says about an account; None: it does not say."""

    remote_id: str
    handle: str
    name: str = ""
    url: str = ""
    avatar_url: str = ""
    followers: int | None = None
    posts_count: int | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RemotePost:
    """One of the account's posts as the platform lists it; None and '': it does not say."""

    remote_id: str
    text: str = ""
    at: datetime | None = None
    url: str = ""


@dataclass(frozen=True)
class Connected:
    """The outcome of connecting: whose account it is, what may be shown, what must be sealed.

    `show_once`: (label, value) of what the person must copy now, for no page shows it again.
    """

    profile: Profile
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    show_once: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ConnectField:
    """One input of a platform's connect form."""

    name: str
    label: str
    type: str = "text"  # text, url, password, select, number
    help: str = ""
    initial: str = ""
    is_required: bool = True
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Problem:
    """Why a content cannot go out as it is, said in the composer before saving."""

    sentence: str
    field: str = "text"  # or "media"


@dataclass(frozen=True)
class Tools:
    """What the outside world lends a platform."""

    http: Http
    public_url: str = ""
    rehearsal: RehearsalLog | None = None
    # Every deadline is multiplied by it: an operator, or a fault run's clock, scales them all together.
    pace: float = 1.0
    # Called when the other side has it and its answer is not read yet: where a fault run may kill the process.
    sent: Callable[[], None] = field(default=lambda: None, repr=False)


class Platform:
    """The smallest platform declares slug, name, kind and publish(); every capability has a safe default."""

    slug: ClassVar[str]
    name: ClassVar[str]
    description: ClassVar[str] = ""
    kind: Kind = Kind.BLIND
    mark: ClassVar[str] = ""  # one or two letters on small avatars
    max_length: int | None = None
    unit: ClassVar[str] = "characters"
    max_images: ClassVar[int] = 0
    takes_video: ClassVar[bool] = False
    takes_image_with_video: ClassVar[bool] = False
    needs_text: ClassVar[bool] = True
    # Its readers fetch pictures and films from Punctual itself, from the moment of sending.
    hands_out_media: ClassVar[bool] = False
    has_settings_page: ClassVar[bool] = False
    # What it allows, so that it need not refuse: posts count, whatever a platform counts in.
    rates: ClassVar[tuple[Rate, ...]] = ()
    # The runaway brake counts what is sent; False where nothing is: readers fetch it.
    has_brake: ClassVar[bool] = True
    deadline: timedelta = timedelta(seconds=20)
    connect_fields: ClassVar[tuple[ConnectField, ...]] = ()
    settings_fields: ClassVar[tuple[ConnectField, ...]] = ()

    def __init__(self, account: AccountData, tools: Tools):
        self.account = account
        self.http = tools.http
        self.tools = tools
        self.deadline = type(self).deadline * tools.pace

    @classmethod
    def connect(cls, form: Mapping[str, str], tools: Tools) -> Connected:
        """Verify at once what a person typed. Raises outcomes.ConnectError."""
        raise NotImplementedError

    @classmethod
    def configure(cls, form: Mapping[str, str], account: AccountData, tools: Tools) -> dict[str, Any]:
        """The account's settings with what was typed into `settings_fields`. Raises outcomes.ConnectError."""
        raise NotImplementedError

    @classmethod
    def network(cls, public_id: str, settings: Mapping[str, Any]) -> str:
        """What hangs or fails together, of an account: the platform, or where there are many the server it is on."""
        return cls.slug

    def length(self, text: str) -> int:
        """The text's length in `unit`s."""
        return len(text)

    def check(self, content: Content) -> list[Problem]:
        """What would surely be refused; only what spares the author a failure."""
        return []

    def new_key(self, at: datetime, seed: str) -> str | None:
        """A key that the platform itself remembers, chosen before sending; None: any unguessable one will do.

        The same `at` and `seed` give the same key: a database restored from a backup must find what went out since.
        """
        return None

    def needs_prepare(self, content: Content) -> bool:
        return False

    def prepare(self, content: Content) -> dict[str, Any]:
        """Uploads and look-ups before the time; safe to repeat. JSON in, JSON out."""
        return {}

    def freeze(self, content: Content, prepared: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Everything that publish() will send, as JSON, fixed in the same commit as the mark."""
        return {"text": content.text}

    def warm(self) -> None:
        """Open what publish() will need; called in the lead, may fail silently."""

    def publish(self, payload: Mapping[str, Any], key: str) -> Published | Accepted:
        """The one call that makes a post visible. Raises one of the four errors."""
        raise NotImplementedError

    def follow(self, handle: Mapping[str, Any], payload: Mapping[str, Any]) -> Published | Accepted:
        """Ask after something accepted."""
        raise NotImplementedError

    def find(
        self, payload: Mapping[str, Any], key: str, since: datetime, owned: frozenset[str] = frozenset()
    ) -> Published | None:
        """Look whether it went out after all, ignoring posts older than `since` and remote ids in `owned`."""
        return None

    def recent(self, most: int) -> list[RemotePost] | None:
        """The account's own latest posts, newest first, for a person to look at; None: they cannot be listed."""
        return None

    def refresh(self) -> Mapping[str, Any] | None:
        """New secrets for expired ones; None: this platform has nothing to refresh. Raises Unauthorized."""
        return None

    def profile(self) -> Profile | None:
        """Name, avatar, counts, limits, and with it whether the token still works."""
        return None

    def delete(self, remote_id: str) -> None:
        """Take a published post down, where `can_delete`."""
        raise NotImplementedError

    can_delete: ClassVar[bool] = False
