"""What a page that watches a workspace must know to tell whether anything on it has changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import F

from scheduler_ui.models import Often, User, Workspace

SOON, NEAR = timedelta(minutes=2), timedelta(hours=1)

# Every open tab asks this every few seconds, and building it as a queryset would cost ten times what running it does.
# What is being published or looked up is due as well, so that one smallest `due_at` tells how near anything is.
_WATCHED = Often("""
SELECT person.password, person.timezone, workspace.version,
       (SELECT due_at FROM scheduler_ui_delivery
         WHERE workspace_id = workspace.id AND due_at IS NOT NULL AND hold_reason = '' ORDER BY due_at LIMIT 1),
       (SELECT beat_at FROM scheduler_ui_worker ORDER BY beat_at DESC LIMIT 1),
       (SELECT CASE WHEN scheduling_enabled THEN 1 ELSE 0 END + CASE WHEN restored_from IS NULL THEN 0 ELSE 2 END
          FROM scheduler_ui_installation WHERE id = 1),
       (SELECT MAX(CASE WHEN is_clock_off THEN 1 ELSE 0 END) + MAX(CASE WHEN is_queue_away THEN 2 ELSE 0 END)
          FROM scheduler_ui_worker WHERE beat_at >= %s)
  FROM scheduler_ui_membership AS member
  JOIN scheduler_ui_user AS person ON person.id = member.user_id
  JOIN scheduler_ui_workspace AS workspace ON workspace.id = member.workspace_id
 WHERE member.user_id = %s AND workspace.public_id = %s AND person.is_active
""")


def touch(workspace_id: int) -> None:
    """Tell every open page of the workspace that something it shows has changed; call it in the writing transaction."""
    Workspace.objects.filter(pk=workspace_id).update(version=F("version") + 1)


@dataclass(frozen=True)
class Board:
    """A workspace as one person's open pages watch it: `state` differs whenever what they show may differ.

    `session_hash` is what the person's sessions must carry; `seconds` is when to ask again.
    """

    session_hash: str
    state: str
    seconds: int


def look(user_id: int, workspace: str, now: datetime) -> Board | None:
    """One query: the board of a workspace (its public id) for one of its members, else None."""
    with connection.cursor() as cursor:
        alive_since = connection.ops.adapt_datetimefield_value(now - _worker_gone())
        cursor.execute(_WATCHED, [alive_since, user_id, workspace])
        row = cursor.fetchone()
    if row is None:
        return None
    password, zone, version, due_at, beat_at, installation, trouble = row
    seconds = pace(_aware(due_at), now)
    # The hour is in it so that "today", "past" and whatever is told in words move on although nothing is written.
    hour = now.astimezone(ZoneInfo(zone)).strftime("%m%dT%H")
    # No installation yet means that publishing is on and nothing was restored.
    signs = f"{_is_alive(_aware(beat_at), now):d}{1 if installation is None else installation}{trouble or 0}"
    hash_now = User.from_db(None, ["password"], [password]).get_session_auth_hash()
    return Board(hash_now, f"{workspace}.{version}.{seconds}.{hour}.{signs}", seconds)


def pace(next_due_at: datetime | None, now: datetime) -> int:
    """Seconds until a page should ask again: the nearer the next thing that the machine does, the fewer."""
    if next_due_at is None or next_due_at > now + NEAR:
        return 30
    return 2 if next_due_at <= now + SOON else 10


def _is_alive(beat_at: datetime | None, now: datetime) -> bool:
    return beat_at is not None and now - beat_at <= _worker_gone()


def _worker_gone() -> timedelta:
    return timedelta(seconds=cast(float, settings.PUNCTUAL["worker_gone"]))


def _aware(value: datetime | str | None) -> datetime | None:
    """SQLite hands text or a naive time to whoever does not ask through a model."""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    return instant.replace(tzinfo=UTC) if instant and instant.tzinfo is None else instant
