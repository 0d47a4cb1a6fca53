"""The rehearsal network's own memory: what arrived there, when, and what became of it."""

import secrets
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from scheduler_ui.domain import boards
from scheduler_ui.models import Account, RehearsalArrival
from scheduler_ui.platforms.rehearsal import Rehearsal

SLUG, FIELDS = Rehearsal.slug, Rehearsal.settings_fields


class ArrivalLog:
    """Keeps arrivals as rows that are only ever added; accounts go by their public id."""

    def add(self, account: str, key: str, text: str, behaviour: str, *, is_accepted: bool) -> str:
        """Write down one request, by the receiving end's own clock; returns the post's id there, '' when refused."""
        at = timezone.now()
        row = Account.objects.only("id", "workspace_id").get(public_id=account)
        remote_id = secrets.token_hex(8) if is_accepted else ""
        RehearsalArrival.objects.create(
            account=row, at=at, key=key, text=text, behaviour=behaviour, is_accepted=is_accepted, remote_id=remote_id
        )
        boards.touch(row.workspace_id)
        return remote_id

    def find(self, account: str, key: str) -> str | None:
        accepted = self._accepted(account).filter(key=key)
        return accepted.values_list("remote_id", flat=True).first()

    def recent(self, account: str, since: datetime) -> Iterator[tuple[str, str, datetime]]:
        """Accepted posts from `since` on, newest first: their id there, text and moment."""
        rows = self._accepted(account).filter(at__gte=since).order_by("-id")
        yield from rows.values_list("remote_id", "text", "at")

    def count(self, account: str, behaviour: str) -> int:
        return RehearsalArrival.objects.filter(account__public_id=account, behaviour=behaviour).count()

    def _accepted(self, account: str) -> QuerySet[RehearsalArrival]:
        return RehearsalArrival.objects.filter(account__public_id=account, is_accepted=True).order_by("id")
