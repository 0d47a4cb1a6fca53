from datetime import timedelta

from django.conf import settings


def span(name: str) -> timedelta:
    """One of settings.PUNCTUAL's spans."""
    return timedelta(seconds=settings.PUNCTUAL[name])


def spans(name: str) -> list[timedelta]:
    return [timedelta(seconds=seconds) for seconds in settings.PUNCTUAL[name]]
