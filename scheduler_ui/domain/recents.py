"""What an account's network lists as its latest posts, for a person who must say whether one of ours is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from scheduler_ui.domain import accounts, platform_tools
from scheduler_ui.domain.mishaps import foreseen
from scheduler_ui.models import Delivery
from scheduler_ui.platforms.base import Platform, RemotePost
from scheduler_ui.platforms.outcomes import Expired, PlatformError

MOST = 8
# Somebody looks at the page meanwhile, and one of few threads waits.
PATIENCE = timedelta(seconds=6)


@dataclass(frozen=True)
class Listed:
    """One of the account's posts; `is_alike`: it says the same; `is_taken`: it is another post of ours."""

    post: RemotePost
    is_alike: bool
    is_taken: bool


@dataclass(frozen=True)
class Listing:
    """What was found, or in words why nothing could be."""

    posts: Sequence[Listed] = ()
    sentence: str = ""


def look(delivery: Delivery) -> Listing:
    """Ask the network, for some seconds at most."""
    try:
        with foreseen():
            found = _ask(delivery)
    except PlatformError as error:
        return Listing(sentence=_("The latest posts could not be listed: %(why)s") % {"why": error})
    if found is None:
        return Listing(sentence=_("This network does not list posts, so only you can look."))
    if not found:
        return Listing(sentence=_("The network lists no post of this account."))
    return Listing(_with_ours(delivery, found))


def _ask(delivery: Delivery) -> list[RemotePost] | None:
    platform = _in_haste(platform_tools.platform_for(delivery.account))
    try:
        return platform.recent(MOST)
    except Expired:
        fresh = accounts.refresh(delivery.account, timezone.now())
        return _in_haste(type(platform)(fresh, platform.tools)).recent(MOST)


def _in_haste(platform: Platform) -> Platform:
    platform.deadline = min(platform.deadline, PATIENCE * settings.TIME_SCALE)
    return platform


def _with_ours(delivery: Delivery, found: list[RemotePost]) -> list[Listed]:
    ids = [post.remote_id for post in found]
    others = Delivery.objects.filter(account=delivery.account_id, remote_id__in=ids).exclude(pk=delivery.pk)
    taken = set(others.values_list("remote_id", flat=True))
    words = _words(str((delivery.payload or {}).get("text") or delivery.content))
    return [Listed(post, _words(post.text) == words, post.remote_id in taken) for post in found]


def _words(text: str) -> str:
    return " ".join(text.split())
