"""Reading accounts back from their platforms: once a day at 02:00 on the workspace's clock, and by hand."""

import logging
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduler_ui.domain import accounts, avatars, boards, platform_tools, wall_clock
from scheduler_ui.domain.mishaps import place_of
from scheduler_ui.models import Account, JobRun, Workspace
from scheduler_ui.platforms.base import Platform, Profile
from scheduler_ui.platforms.outcomes import Expired, PlatformError, Unauthorized

logger = logging.getLogger(__name__)

JOB = "sync_accounts"
AT = time(2)
# A run whose worker died is taken up again, where it stopped, after this.
ABANDONED = timedelta(minutes=30)


def sync_due(now: datetime) -> int:
    """Sync each workspace whose 02:00 has come and that no worker has taken today; tell how many this one did."""
    done = 0
    for workspace in Workspace.objects.order_by("pk"):
        run = _take(workspace, now)
        if run:
            done += _try_workspace(run)
    return done


def sync_account(account: Account, now: datetime) -> bool:
    """Ask the platform for name, picture and counts; False when it could not be read, and why is on the account."""
    try:
        _read(account, now)
    except Unauthorized as error:
        accounts.lose(account, str(error), now)
        return _fail(account, str(error), now)
    except PlatformError as error:
        return _fail(account, str(error), now)
    except Exception as error:
        # One broken account never stops the others.
        logger.error("account %s could not be synced: %s", account.public_id, place_of(error))
        return _fail(account, _("Something went wrong while it was being read."), now)
    return True


def _take(workspace: Workspace, now: datetime) -> JobRun | None:
    """Become the one who syncs a workspace today: the row, unique per local date, decides."""
    zone = str(workspace.timezone)
    today = wall_clock.to_local(now, zone)[0].date()
    due_at = wall_clock.to_utc(datetime.combine(today, AT), zone)  # in a gap, as soon as clocks show a later time
    if now < due_at or workspace.created_at > due_at:
        return None
    run, is_new = JobRun.objects.get_or_create(
        job=JOB, workspace=workspace, local_date=today, defaults={"due_at": due_at, "started_at": now}
    )
    return run if is_new or _take_up(run, now) else None


def _take_up(run: JobRun, now: datetime) -> bool:
    if run.ended_at or run.started_at > now - ABANDONED:
        return False
    as_read = JobRun.objects.filter(pk=run.pk, started_at=run.started_at, ended_at__isnull=True)
    return as_read.update(started_at=now) == 1


def _try_workspace(run: JobRun) -> bool:
    """One that breaks off is taken up again later, and never stops the others."""
    try:
        _sync_workspace(run)
    except Exception as error:
        logger.error("workspace %s could not be synced: %s", run.workspace.public_id, place_of(error))
        return False
    return True


def _sync_workspace(run: JobRun) -> None:
    unread = Q(synced_at__isnull=True) | Q(synced_at__lt=run.due_at)
    todo = Account.objects.filter(unread, workspace=run.workspace_id, state=Account.State.CONNECTED)
    results = [sync_account(account, timezone.now()) for account in todo.select_related("workspace")]
    tally = {"done": results.count(True), "failed": results.count(False)}
    JobRun.objects.filter(pk=run.pk).update(ended_at=timezone.now(), **tally)


def _read(account: Account, now: datetime) -> None:
    profile = _ask(account, now)
    _write(account, {"synced_at": now, "sync_error": ""} | (_known(profile) if profile else {}))
    if profile:
        avatars.renew(account, profile.avatar_url)


def _ask(account: Account, now: datetime) -> Profile | None:
    platform: Platform = platform_tools.platform_for(account)
    try:
        return platform.profile()
    except Expired:
        fresh = accounts.refresh(account, now)
        return type(platform)(fresh, platform.tools).profile()


def _known(profile: Profile) -> dict[str, Any]:
    """What the platform said; what it does not say stays as it was."""
    said: dict[str, Any] = {"handle": profile.handle[:200], "name": profile.name[:200], "url": profile.url[:500]}
    said |= {"followers": profile.followers, "posts_count": profile.posts_count, "limits": dict(profile.limits)}
    return {name: value for name, value in said.items() if value not in ("", None, {})}


def _fail(account: Account, sentence: str, now: datetime) -> bool:
    _write(account, {"synced_at": now, "sync_error": sentence[:500]})
    return False


def _write(account: Account, changes: dict[str, Any]) -> None:
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**changes)
        account.refresh_from_db()
        boards.touch(account.workspace_id)
