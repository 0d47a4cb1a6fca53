"""The web process looks after the worker, also while nobody has a page open."""

import logging
import threading
from datetime import datetime

from django.db import close_old_connections
from django.utils import timezone

from scheduler_ui.domain import alarms, mail
from scheduler_ui.domain.mishaps import place_of

logger = logging.getLogger(__name__)
EVERY = 15  # seconds


def start() -> None:
    threading.Thread(target=_watch, name="watch", daemon=True).start()


def _watch() -> None:
    gone_since = None
    pause = threading.Event()
    while not pause.wait(EVERY):
        gone_since = look_again(timezone.now(), gone_since)


def look_again(now: datetime, gone_since: datetime | None) -> datetime | None:
    """Look, whatever happens: there is nobody else who would notice that a worker is missing."""
    try:
        return look(now, gone_since)
    except Exception as error:
        logger.warning("the worker could not be looked after: %s", place_of(error))
        return gone_since
    finally:
        close_old_connections()


def look(now: datetime, gone_since: datetime | None) -> datetime | None:
    gone_since = alarms.look_after_worker(now, gone_since)
    if gone_since is not None:
        # Mail is the worker's to send; without one it is ours.
        mail.send_waiting(now)
    return gone_since
