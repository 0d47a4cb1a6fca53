"""Every platform there is: a new one is one line here."""

from scheduler_ui.platforms.base import Platform
from scheduler_ui.platforms.bluesky import Bluesky
from scheduler_ui.platforms.feed import Feed
from scheduler_ui.platforms.rehearsal import Rehearsal
from scheduler_ui.platforms.webhook import Webhook

PLATFORMS: dict[str, type[Platform]] = {
    platform.slug: platform
    for platform in (
        Feed,
        Bluesky,
        Webhook,
        Rehearsal,
    )
}


def get(slug: str) -> type[Platform]:
    """The platform of that slug. Raises KeyError."""
    return PLATFORMS[slug]
