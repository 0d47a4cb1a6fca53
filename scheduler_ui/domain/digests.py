"""What an outage did to a workspace, told once: how many go out late, how many were missed, how many were skipped."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import boards, notices, telling
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.models import STARTED, WAITING, Delivery, Notice, Status, Worker, Workspace

# So many a person decides one by one, each from its own notice; beyond that the list is the better place.
FEW = 3
# What is worked off within so long is one outage, however many batches and workers it takes.
ONE_OUTAGE = timedelta(minutes=2)
# An older row says little about when the last worker ended: others may have come and gone since.
WORKER_ROW = timedelta(hours=1)
# Of two workers' ticks that work off one outage, the later one may be the first to tell.
APART = timedelta(seconds=5)
# Lateness that is worth a word.
LATE = timedelta(minutes=1)


@dataclass
class Outage:
    """What one batch of the work did to a workspace; keys of deliveries, `late` a number."""

    workspace_id: int
    since: datetime
    missed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    late: int = 0


def after_outage(outages: list[Outage], now: datetime) -> None:
    """Tell every workspace what it must know; called in the transaction that gave the deliveries up."""
    for outage in sorted(outages, key=lambda outage: outage.workspace_id):
        # Two workers that work off one outage begin one digest.
        Workspace.objects.select_for_update(no_key=True).get(pk=outage.workspace_id)
        digest = _open_digest(outage, now)
        if digest is not None and not (outage.missed or outage.skipped):
            # What goes out late was counted when it began; it is still the same outage.
            Notice.objects.filter(pk=digest.pk).update(created_at=now)
            continue
        if digest is None and not _is_many(outage, now):
            for delivery in _rows(outage.missed):
                telling.tell(Notice.Kind.MISSED, delivery, now)
            continue
        telling.remember(Notice.Kind.MISSED, _rows([*outage.missed, *outage.skipped]), now)
        if digest is None:
            _begin(outage, now)
        else:
            _amend(digest, outage, now)


def _rows(keys: list[int]) -> Iterable[Delivery]:
    return Delivery.objects.select_related("account", "workspace").filter(pk__in=keys) if keys else ()


def _open_digest(outage: Outage, now: datetime) -> Notice | None:
    told = Notice.objects.filter(workspace=outage.workspace_id, kind=Notice.Kind.DIGEST)
    fresh = told.filter(created_at__gte=now - ONE_OUTAGE).select_for_update(of=("self",))
    return fresh.select_related("workspace").order_by("-id").first()


def _is_many(outage: Outage, now: datetime) -> bool:
    """Skipped ones have no notice of their own: nothing is asked. Otherwise it takes more than a few."""
    if outage.skipped:
        return True
    if outage.late > FEW and now - outage.since >= LATE * settings.TIME_SCALE:
        return True
    given_up = Delivery.objects.filter(workspace=outage.workspace_id, status=Status.MISSED)
    return bool(outage.missed) and given_up.filter(settled_at__gte=now - ONE_OUTAGE).count() > FEW


def _begin(outage: Outage, now: datetime) -> None:
    workspace = Workspace.objects.get(pk=outage.workspace_id)
    title, body = _words(workspace, outage.since, now, now)
    key = _key(workspace, outage.since, now)
    notices.tell(Notice.Kind.DIGEST, workspace, title=title, body=body, event_key=key, now=now)


def _amend(digest: Notice, outage: Outage, now: datetime) -> None:
    """More of the same outage: the notice says all of it, and is mailed once it has come to rest."""
    since, began = (datetime.fromtimestamp(float(part), UTC) for part in digest.event_key.split(":")[2:4])
    since = min(since, outage.since)  # another worker may have had the older ones
    title, body = _words(digest.workspace, since, began, now)
    words = {"title": title[:200], "body": body[:600], "event_key": _key(digest.workspace, since, began)}
    Notice.objects.filter(pk=digest.pk).update(**words, created_at=now)
    boards.touch(digest.workspace_id)


def _key(workspace: Workspace, since: datetime, began: datetime) -> str:
    """It keeps what later batches need to count from."""
    return f"digest:{workspace.public_id}:{since.timestamp():.6f}:{began.timestamp():.6f}"


def _words(workspace: Workspace, since: datetime, began: datetime, now: datetime) -> tuple[str, str]:
    late, missed, skipped = _counts(workspace, since, began)
    clock = Clock(str(workspace.timezone))
    start, end, is_worker = _window(since, began)
    words = {"start": clock.point(start, now), "end": clock.point(end, now)}
    when = _("While no worker ran from %(start)s to %(end)s") if is_worker else _("From %(start)s to %(end)s")
    parts = [
        ngettext("%(count)s goes out late", "%(count)s go out late", late) % {"count": late},
        ngettext("%(count)s was missed", "%(count)s were missed", missed) % {"count": missed},
        ngettext("%(count)s was skipped", "%(count)s were skipped", skipped) % {"count": skipped},
    ]
    told = [part for part, number in zip(parts, (late, missed, skipped), strict=True) if number]
    body = f"{when % words}: {', '.join(told)}."
    if missed:
        body = f"{body} {_('What was missed asks you: publish it now, give it a new time, or drop it.')}"
    total = late + missed + skipped
    title = ngettext("%(count)s post could not go out in time", "%(count)s posts could not go out in time", total)
    return title % {"count": total}, body


def _counts(workspace: Workspace, since: datetime, began: datetime) -> tuple[int, int, int]:
    """Late, missed and skipped, as the rows stand now; both counts by the index of workspace, status and promise."""
    rows = Delivery.objects.filter(workspace=workspace, scheduled_for__gte=since)
    gone = rows.filter(status=Status.MISSED, settled_at__gte=began - APART)
    skipped = gone.filter(is_skipped=True).count()
    goes = Q(status__in=WAITING, hold_reason="") | Q(sent_at__gte=began)
    late = rows.filter(goes, status__in=WAITING | STARTED | {Status.FAILED}, scheduled_for__lt=began)
    return late.count(), gone.count() - skipped, skipped


def _window(since: datetime, began: datetime) -> tuple[datetime, datetime, bool]:
    """From when to when nothing went out, and whether that was for want of a worker."""
    gone = timedelta(seconds=settings.PUNCTUAL["worker_gone"])
    alive = Worker.objects.filter(beat_at__gte=began - gone)
    started_at = alive.aggregate(at=Min("started_at"))["at"]
    if started_at is None or started_at <= since:
        return since, began, False
    # A worker that was killed has left its row behind; one that ended in order has not.
    dead = Worker.objects.filter(beat_at__lte=since, beat_at__gte=since - WORKER_ROW)
    return dead.aggregate(at=Max("beat_at"))["at"] or since, started_at, True
