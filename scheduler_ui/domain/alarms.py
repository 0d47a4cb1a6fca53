"""What is wrong with the machines themselves, said once per event to every workspace."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import notices, wall_clock
from scheduler_ui.models import Installation, Notice, Worker, Workspace

# A restart is no outage: the banner comes after one such span, the notice and the mail after six.
PATIENCE = 6


def look_after_worker(now: datetime, gone_since: datetime | None) -> datetime | None:
    """One look of a watcher that hands in what its last look returned: since when no worker beats, None while one does.

    Alarms after a minute of looks, not of clock: a machine that wakes from sleep gives its worker time to beat.
    """
    if _is_alive(now):
        Installation.objects.filter(worker_alarm_at__isnull=False).update(worker_alarm_at=None)
        return None
    gone_since = gone_since or now
    if now - gone_since >= PATIENCE * _span():
        alarm(now, gone_since)
    return gone_since


def alarm(now: datetime, gone_since: datetime) -> bool:
    """Tell every workspace, once per outage however many web processes look; True for the one that told."""
    Installation.objects.get_or_create(pk=1)
    with transaction.atomic():
        if Installation.objects.filter(pk=1, worker_alarm_at__isnull=True).update(worker_alarm_at=now) != 1:
            return False
        for workspace in Workspace.objects.all():
            _tell(workspace, gone_since, now)
    return True


def clock_is_off(host: str, offset: timedelta, now: datetime) -> None:
    """A worker has seen its machine's clock jump, or go apart from the database's; `offset` is negative when behind."""
    for workspace in Workspace.objects.all():
        notices.tell(
            Notice.Kind.CLOCK,
            workspace,
            title=_("The clock of %(host)s is wrong, or has just been set") % {"host": host},
            body=_clock_sentence(offset),
            event_key=f"clock:{workspace.public_id}:{host[:24]}:{now:%Y-%m-%dT%H:%M}",
            now=now,
        )


def _clock_sentence(offset: timedelta) -> str:
    how_far = str(timedelta(seconds=round(abs(offset).total_seconds())))
    told = _("It went back by %(time)s.") if offset < timedelta() else _("It went ahead by %(time)s.")
    advice = _("Nothing goes out before its time, but look whether the machine sets its clock by the network (NTP).")
    return f"{told % {'time': how_far}} {advice}"


def _is_alive(now: datetime) -> bool:
    return Worker.objects.filter(beat_at__gte=now - _span()).exists()


def _span() -> timedelta:
    return timedelta(seconds=settings.PUNCTUAL["worker_gone"])


def _tell(workspace: Workspace, gone_since: datetime, now: datetime) -> None:
    clock = wall_clock.face(wall_clock.to_local(gone_since, str(workspace.timezone))[0])
    notices.tell(
        Notice.Kind.WORKER,
        workspace,
        title=_("No worker is running"),
        body=_("None has given a sign of life since %(time)s. Posts wait, and none is lost.") % {"time": clock},
        event_key=f"worker:{workspace.public_id}:{now.isoformat()}",
        now=now,
    )
