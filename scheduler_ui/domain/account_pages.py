"""What the accounts page says of each account: how it is, what it publishes next, and what disconnecting would do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from scheduler_ui.domain import networks
from scheduler_ui.domain.holds import BRAKES
from scheduler_ui.domain.networks import Network
from scheduler_ui.domain.queues import Counted
from scheduler_ui.models import WAITING, Account, Delivery, Hold, Tab, Workspace
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind

# Nobody counts further by eye, and so the page costs the same for a million.
COUNTED = 10_000
# The same on the page of all accounts.
COUNTED_EACH = 1000
HELD = [hold for hold in Hold if hold not in {Hold.NONE, Hold.DELETED}]
# Where what waits stands, but for what the runaway brake holds.
AHEAD = (Tab.UPCOMING, Tab.RETRYING)


@dataclass(frozen=True)
class Row:
    """One account; `next` is what it publishes next, held ones included, `held` how much waits for a lost one."""

    account: Account
    network: Network
    next: Delivery | None
    held: int
    most: int = COUNTED_EACH

    @property
    def is_blind(self) -> bool:
        """A platform may have accounts of several kinds, which their settings tell."""
        platform = registry.PLATFORMS.get(self.account.platform)
        kind = self.account.settings.get("kind") or (platform and platform.kind)
        return kind == Kind.BLIND

    @property
    def needs_sign_in(self) -> bool:
        """Whether there is one that could be made anew, or that must be."""
        return self.network.has_secret or self.account.state == Account.State.RECONNECT

    @property
    def tone(self) -> str:
        """The badge's colour class: who must act."""
        if self.account.state == Account.State.RECONNECT:
            return "b-bad"
        return "b-warn" if self.account.is_paused else "b-ok"

    @property
    def icon(self) -> str:
        if self.account.state == Account.State.RECONNECT:
            return "unplug"
        return "pause" if self.account.is_paused else "check"

    @property
    def state(self) -> str:
        if self.account.state == Account.State.RECONNECT:
            return _("Needs reconnecting")
        return _("Paused") if self.account.is_paused else _("Connected")


@dataclass(frozen=True)
class Numbers:
    """What an account has sent, what waits for it and how much of that is held, up to `most` each."""

    out: int
    waiting: int
    held: int
    most: int = COUNTED


def rows(workspace: Workspace) -> list[Row]:
    """Those that need a person first, then by name; two queries however many there are."""
    shown = workspace.accounts.exclude(state=Account.State.DISCONNECTED)
    return sorted(_with_next(shown), key=_urgency)


def row(account: Account) -> Row:
    [only] = _with_next(Account.objects.filter(pk=account.pk).select_related("workspace"))
    return only


def numbers(account: Account) -> Numbers:
    """One query."""
    mine = Delivery.objects.filter(workspace=account.workspace_id, account=account).order_by("scheduled_for", "pk")
    counted = {tab.value: Counted(mine.filter(tab=tab), COUNTED) for tab in (*AHEAD, Tab.PUBLISHED)}
    counted |= {"held": Counted(_held(account.pk, HELD), COUNTED), "braked": Counted(_held(account.pk), COUNTED)}
    found: dict[str, int] = dict(Account.objects.filter(pk=account.pk).annotate(**counted).values(*counted).get())
    waiting = found["braked"] + sum(found[tab.value] for tab in AHEAD)
    return Numbers(found[Tab.PUBLISHED.value], min(waiting, COUNTED), found["held"])


def _with_next(accounts: QuerySet[Account]) -> list[Row]:
    mine = Delivery.objects.filter(workspace=OuterRef("workspace"), account=OuterRef("pk"))
    # The first that was promised is the first to go, but for one that is tried again later.
    firsts = {f"first_{tab.value}": _first(mine.filter(tab=tab), "scheduled_for") for tab in AHEAD}
    firsts["first_braked"] = _first(_held(OuterRef("pk")), "due_at")
    held = Case(
        When(state=Account.State.RECONNECT, then=Counted(_held(OuterRef("pk"), HELD), COUNTED_EACH)),
        default=0,
        output_field=IntegerField(),
    )
    found = list(accounts.annotate(**firsts, held=held))
    keys = {account: [key for name in firsts if (key := getattr(account, name))] for account in found}
    coming = Delivery.objects.select_related("post").in_bulk([key for some in keys.values() for key in some])
    return [
        Row(account, _network(account), _soonest(coming[key] for key in some if key in coming), account.held)
        for account, some in keys.items()
    ]


def _held(account: Any, holds: Sequence[Hold] = BRAKES) -> QuerySet[Delivery]:
    """The last condition says no more than the first; by it the index of what is held is found."""
    held = Delivery.objects.filter(account=account, hold_reason__in=holds, status__in=WAITING)
    return held.exclude(hold_reason=Hold.NONE)


def _first(rows: QuerySet[Delivery], field: str) -> Subquery:
    return Subquery(rows.order_by(field, "pk").values("pk")[:1])


def _soonest(coming: Iterable[Delivery]) -> Delivery | None:
    return min(coming, key=lambda delivery: (delivery.due_at, delivery.pk), default=None)


def _network(account: Account) -> Network:
    """Also of an account whose platform is no longer there."""
    return networks.find(account.platform) or Network(account.platform, account.platform.title())


def _urgency(row: Row) -> tuple[bool, bool, str, int]:
    account = row.account
    return account.state != Account.State.RECONNECT, not account.sync_error, str(account).casefold(), account.pk
