"""A post as one card on a person's calendar: their clock, what its deliveries come to, and whether it may move."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.summaries import Summary, summarise
from scheduler_ui.models import STARTED, WAITING, Account, Delivery, Hold, Post, Status, User, Workspace

Accounts = Mapping[int, Account]
LONGEST = 140
FIELDS = ("pk", "public_id", "short", "scheduled_for", "local_time", "timezone", "is_example")


@dataclass(frozen=True, slots=True)
class Card:
    """`at` is the viewer's wall clock (naive), `clock` its face; `own_clock` names the post's own where it differs."""

    public_id: str
    text: str
    at: datetime
    clock: str
    own_clock: str
    accounts: Sequence[Account]
    summary: Summary
    hold: str
    is_movable: bool
    is_past: bool
    is_example: bool

    @property
    def told(self) -> str:
        """Where it goes and how it stands, for a tooltip and for ears."""
        words = [*map(str, self.accounts), self.summary.words, self.own_clock, self.held]
        return ", ".join(word for word in words if word)

    @property
    def is_held(self) -> bool:
        return bool(self.hold)

    @property
    def held(self) -> str:
        """`paused` where somebody has paused it, `held` for every other reason, '' where nothing holds it."""
        return (str(Hold.PAUSED.label) if self.hold == Hold.PAUSED else _("held")) if self.hold else ""

    @property
    def iso(self) -> str:
        return self.at.isoformat()

    @property
    def colour(self) -> int:
        return self.accounts[0].colour if self.accounts else 0

    @property
    def others(self) -> int:
        """How many accounts there are beside the first, whose colour the card wears."""
        return max(len(self.accounts) - 1, 0)


def accounts_of(workspace: Workspace) -> dict[int, Account]:
    """What cards need of the workspace's accounts, by primary key, in the order of their names."""
    fields = ("public_id", "platform", "remote_id", "handle", "name", "colour", "state", "is_paused")
    accounts = Account.objects.filter(workspace=workspace).only(*fields)
    return {account.pk: account for account in sorted(accounts, key=lambda account: (str(account).lower(), account.pk))}


def read(keys: Sequence[int], accounts: Accounts, viewer: User, now: datetime) -> Iterable[tuple[int, Card]]:
    """The cards of posts by primary key, in the order of their time. Two queries."""
    deliveries: dict[int, list[tuple[Account, str, str]]] = {key: [] for key in keys}
    rows = Delivery.objects.filter(post__in=keys).order_by("pk")
    for key, account, status, hold in rows.values_list("post_id", "account_id", "status", "hold_reason"):
        deliveries[key].append((accounts[account], status, hold))
    posts = Post.objects.filter(pk__in=keys).annotate(short=Substr("text", 1, LONGEST)).order_by("scheduled_for", "pk")
    for key, *row in posts.values_list(*FIELDS):
        yield key, _card(row, deliveries[key], viewer, now)


def _card(row: list[Any], sent: list[tuple[Account, str, str]], viewer: User, now: datetime) -> Card:
    public_id, text, instant, own, zone, is_example = row
    at = wall_clock.to_local(instant, str(viewer.timezone))[0]
    statuses = [status for _account, status, _hold in sent]
    return Card(
        public_id=public_id,
        text=" ".join(text.split()),
        at=at,
        clock=wall_clock.face(at, viewer.clock),
        own_clock="" if own == at else f"{wall_clock.face(own, viewer.clock)} {wall_clock.city(zone)}",
        accounts=[account for account, _status, _hold in sent],
        summary=summarise(statuses),
        hold=next((hold for _account, status, hold in sent if hold and status in WAITING), ""),
        is_movable=is_movable(statuses),
        is_past=instant < now,
        is_example=is_example,
    )


def is_movable(statuses: Iterable[str]) -> bool:
    """Whether a post may get another time: nothing of it has started, and not all of it was called off."""
    found = set(statuses)
    return not found & STARTED and found != {Status.CANCELED}
