"""Every platform there is: a new one is one line here."""

from scheduler_ui.platforms.base import Platform
from scheduler_ui.platforms.feed import Feed
from scheduler_ui.platforms.rehearsal import Rehearsal

PLATFORMS: dict[str, type[Platform]] = {platform.slug: platform for platform in (Feed, Rehearsal)}


def get(slug: str) -> type[Platform]:
    """The platform of that slug. Raises KeyError."""
    return PLATFORMS[slug]
