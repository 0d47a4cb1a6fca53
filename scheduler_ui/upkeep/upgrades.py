"""Older data met by a newer program: backed up, then migrated; a newer database or half of one is refused in words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import archives, databases, moves

PREFIX = "before-upgrade-"
KEPT = 3
# On a server, beyond this, somebody who knows pg_dump should make the backup: it is many times faster.
MOST_ROWS = 500_000
# Two machines that start at once: one upgrades, the other waits and finds nothing to do.
LOCK = 7_236_104


def upgrade(now: datetime, say: Callable[[str], object], *, is_backed_up: bool = False) -> None:
    """Bring the database up to this program. Raises Refused, with the way back in its words."""
    with _alone():
        _refuse_strange()
        backup = None
        if databases.pending() and databases.has_people() and not is_backed_up:
            backup = _back_up(now)
            say(_("Upgrading the database. As it was before: %(path)s") % {"path": backup})
        try:
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
        except Exception as error:
            if backup is None:
                raise
            raise Refused(_way_back(error, backup)) from error
        _drop_old(Path(settings.DATA_DIR) / "backups")


def _refuse_strange() -> None:
    if moves.is_half_copied():
        raise Refused(_("This database holds half of a copy. Where the whole one is, call copy_to again: it goes on."))
    if newer := databases.unknown(databases.nodes()):
        words = {"version": archives.version(), "names": ", ".join(name for _app, name in newer)}
        raise Refused(
            _(
                "A newer Punctual has used this database (%(names)s); this one is %(version)s. Start the newer one, or "
                "go back to what was before it: manage.py restore FILE --replace, with a file from DATA_DIR/backups."
            )
            % words
        )


def _back_up(now: datetime) -> Path:
    """Without media: an upgrade does not touch them."""
    if (rows := _rows()) > MOST_ROWS:
        sentence = _("The database must be upgraded, and with %(rows)s rows its backup is for you to make (pg_dump).")
        raise Refused((sentence + " " + _("Then: manage.py prepare --backed-up")) % {"rows": f"{rows:,}"})
    path = Path(settings.DATA_DIR) / "backups" / f"{PREFIX}{now:%Y%m%d-%H%M%S}.zip"
    try:
        archives.write(path, now, archives.Parts(media=False))
    except Refused as error:
        raise Refused(_("Not upgraded, for it could not be backed up. %(why)s") % {"why": error}) from error
    return path


def _way_back(error: Exception, backup: Path) -> str:
    words = {"error": " ".join(str(error).split())[:300] or type(error).__name__, "path": backup}
    return (
        _(
            "The upgrade failed (%(error)s) and Punctual has not started. The data as it was before is in %(path)s. "
            "To go back: check out the version that ran before, then manage.py restore %(path)s --replace"
        )
        % words
    )


def _drop_old(folder: Path) -> None:
    for path in sorted(folder.glob(f"{PREFIX}*.zip"))[:-KEPT]:
        path.unlink(missing_ok=True)


def _rows() -> int:
    """About how many a server keeps; 0 for a file, which is copied as it is."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(greatest(n_live_tup, 0)), 0) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


@contextmanager
def _alone() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
