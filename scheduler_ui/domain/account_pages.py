"""What the accounts page says of each account: how it is, what it publishes next, and what disconnecting would do."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from scheduler_ui.domain import networks
from scheduler_ui.domain.networks import Network
from scheduler_ui.models import WAITING, Account, Delivery, Hold, Status, Workspace
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind

OUT = Q(deliveries__status=Status.PUBLISHED)
HELD = Q(deliveries__status__in=WAITING) & ~Q(deliveries__hold_reason__in=[Hold.NONE, Hold.DELETED])
IS_WAITING = Q(deliveries__status__in=WAITING) & ~Q(deliveries__hold_reason=Hold.DELETED)


@dataclass(frozen=True)
class Row:
    """One account with its numbers; `next` is the delivery that it publishes next, held ones included."""

    account: Account
    network: Network
    next: Delivery | None

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


def rows(workspace: Workspace) -> list[Row]:
    """Those that need a person first, then by name; three queries however many there are."""
    shown = _counted(workspace.accounts.exclude(state=Account.State.DISCONNECTED))
    return sorted(_with_next(shown), key=_urgency)


def row(account: Account) -> Row:
    [only] = _with_next(_counted(Account.objects.filter(pk=account.pk).select_related("workspace")))
    return only


def _counted(accounts: QuerySet[Account]) -> QuerySet[Account]:
    waiting = Delivery.objects.filter(account=OuterRef("pk"), status__in=WAITING).exclude(hold_reason=Hold.DELETED)
    return accounts.annotate(
        out_count=Count("deliveries", OUT),
        held_count=Count("deliveries", HELD),
        waiting_count=Count("deliveries", IS_WAITING),
        next_id=Subquery(waiting.order_by("due_at").values("pk")[:1]),
    )


def _with_next(accounts: Iterable[Account]) -> list[Row]:
    next_ids: dict[Account, int | None] = {account: getattr(account, "next_id", None) for account in accounts}
    coming = Delivery.objects.select_related("post").in_bulk([next_id for next_id in next_ids.values() if next_id])
    return [Row(account, _network(account), coming.get(next_id or 0)) for account, next_id in next_ids.items()]


def _network(account: Account) -> Network:
    """Also of an account whose platform is no longer there."""
    return networks.find(account.platform) or Network(account.platform, account.platform.title())


def _urgency(row: Row) -> tuple[bool, bool, str, int]:
    account = row.account
    return account.state != Account.State.RECONNECT, not account.sync_error, str(account).casefold(), account.pk
