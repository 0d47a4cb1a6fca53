from datetime import timedelta

from django.conf import settings


def span(name: str) -> timedelta:
    """One of settings.PUNCTUAL's spans."""
    return timedelta(seconds=settings.PUNCTUAL[name])


def spans(name: str) -> list[timedelta]:
    return [timedelta(seconds=seconds) for seconds in settings.PUNCTUAL[name]]


def late_limit(minutes: int) -> timedelta:
    """A workspace's late policy on the engine's clock, which a fault run may scale."""
    return timedelta(minutes=minutes) * settings.TIME_SCALE
