"""Whether this installation is at work: what must not happen meanwhile is refused in words."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Worker
from scheduler_ui.upkeep import databases


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
            yield


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
