"""Whether this installation is at work: what must not happen meanwhile is refused in words."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Worker
from scheduler_ui.upkeep import databases

# Seconds: somebody may be asking `manage.py status` just now.
PATIENCE = 2


@contextmanager
def stopped(now: datetime, using: str = "default") -> Iterator[None]:
    """Nothing runs on this folder and database, and `make run` does not start meanwhile. Raises Refused."""
    folder = Path(settings.DATA_DIR)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = {"folder": folder}
            raise Refused(_("Punctual is running on %(folder)s. Stop it first.") % words) from None
        with no_workers(now, using):
            if databases.is_there(using) and connections[using].vendor == "sqlite":
                connections[using].close()
                refuse_open(Path(connections[using].settings_dict["NAME"]))
            yield


def refuse_open(path: Path) -> None:
    """Nobody else may have a SQLite file open: a web process would go on in the old one, unseen. Raises Refused.

    Leaving the write-ahead log asks for the file alone, and brings what is in the log into it.
    """
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        # Any other error: it is broken, and that may be why we are here.
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            words = {"path": path}
            sentence = _("Another process has %(path)s open. Stop every web process and every worker first.")
            raise Refused(sentence % words) from None


@contextmanager
def no_workers(now: datetime, using: str) -> Iterator[None]:
    """No worker beats in a database. Raises Refused."""
    _refuse_workers(now, using)
    yield


def _refuse_workers(now: datetime, using: str) -> None:
    if not databases.is_there(using):
        return
    gone = timedelta(seconds=settings.PUNCTUAL["worker_gone"])
    try:
        beating = Worker.objects.using(using).filter(beat_at__gt=now - gone).first()
    except DatabaseError:
        return  # no tables yet, or none that can be read: nobody works with them
    if beating is not None:
        words = {"worker": str(beating), "seconds": f"{gone.total_seconds():.0f}"}
        sentence = _("The worker %(worker)s is running. Stop every worker and every web process first.")
        raise Refused((sentence + " " + _("One that was killed counts for %(seconds)s s more.")) % words)
