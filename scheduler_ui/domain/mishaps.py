"""Errors that nobody foresaw, told without their own words: those may quote a secret."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from scheduler_ui.platforms.outcomes import PlatformError, Unavailable

logger = logging.getLogger(__name__)


def place_of(error: BaseException) -> str:
    """`KeyError in bluesky.py:41 via connections.py:98`: enough to find it, and nothing that was typed or stored."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)]
    return f"{type(error).__name__} in {' via '.join(places)}"


@contextmanager
def foreseen() -> Iterator[None]:
    """A mistake in a platform's code, in a call that publishes nothing, is as good as an answer that did not come."""
    try:
        yield
    except PlatformError:
        raise
    except Exception as error:
        logger.error("a platform failed in a way that it should not: %s", place_of(error))
        raise Unavailable(_("Something went wrong here while the platform was asked.")) from None
