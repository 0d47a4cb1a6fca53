"""Rows as the plain values that platforms understand, and what the outside world lends them."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, BinaryIO, NoReturn, cast

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, vault
from scheduler_ui.domain.rehearsals import ArrivalLog
from scheduler_ui.models import Account, Delivery, Media
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import AccountData, Content, MediaItem, Platform, Tools
from scheduler_ui.platforms.http import Http
from scheduler_ui.platforms.outcomes import Unauthorized
from scheduler_ui.platforms.targets import Network

# Seconds, as platforms count their deadlines.
USUAL_DEADLINE = 20


def tools() -> Tools:
    """One set per process: a TLS context is dear to make, and connections are kept in it."""
    pace = settings.PUNCTUAL["publish_deadline"] / USUAL_DEADLINE
    return _tools(tuple(settings.ALLOW_PRIVATE_TARGETS), settings.BASE_URL, pace)


def platform_for(account: Account) -> Platform:
    """The account's platform, ready to speak; one without a readable sign-in says so at every call."""
    try:
        return registry.get(account.platform)(account_data(account), tools())
    except (vault.Tampered, KeyError):
        return Unusable(AccountData(account.public_id, account.remote_id, account.handle), tools())


def network_of(account: Account) -> str:
    """What hangs together: a platform, or the one server of it that the account lives on."""
    platform = registry.PLATFORMS.get(account.platform)
    return platform.network(account.public_id, account.settings) if platform else account.platform


def account_data(account: Account) -> AccountData:
    """An account with its secrets opened. Raises vault.Tampered."""
    return AccountData(
        public_id=account.public_id,
        remote_id=account.remote_id,
        handle=account.handle,
        settings=account.settings,
        secrets=vault.open(account.public_id, account.secrets),
        limits=account.limits,
    )


def content_of(delivery: Delivery) -> Content:
    """What a scheduled delivery is to send."""
    attachments = delivery.post.attachments.select_related("media") if delivery.has_media else ()
    assert delivery.scheduled_for is not None
    return Content(
        post_id=delivery.post.public_id,
        text=delivery.content,
        at=delivery.scheduled_for,
        media=tuple(media_item(attachment.media, attachment.alt) for attachment in attachments),
    )


def media_item(media: Media, alt: str) -> MediaItem:
    known: dict[str, Any] = {name: getattr(media, name) for name in MEDIA_FIELDS}
    return MediaItem(**known, alt=alt, url=media_url(media), open=partial(_open, media))


MEDIA_FIELDS = ("public_id", "kind", "name", "content_type", "bytes", "width", "height")


def _open(media: Media) -> BinaryIO:
    return cast(BinaryIO, media.file.storage.open(str(media.file.name)))


def media_url(media: Media) -> str:
    """Where anybody finds it once a published feed entry carries it."""
    return settings.BASE_URL + reverse("media_file", args=[media.public_id])


@cache
def _tools(allowed: tuple[Network, ...], public_url: str, pace: float) -> Tools:
    return Tools(http=Http(allowed), public_url=public_url, rehearsal=ArrivalLog(), pace=pace)


def configure(account: Account, form: Mapping[str, str]) -> None:
    """Give an account of a platform with a settings page what was typed there. Raises ConnectError."""
    platform = registry.get(account.platform)
    account.settings = platform.configure(form, account_data(account), tools())
    Account.objects.filter(pk=account.pk).update(settings=account.settings)
    boards.touch(account.workspace_id)


class Unusable(Platform):
    """Stands in for an account whose secrets cannot be opened: it is lost in words, as one that was revoked."""

    def _refuse(self, *_args: Any, **_named: Any) -> NoReturn:
        raise Unauthorized(_("Its stored sign-in cannot be read any more."))

    publish = follow = find = refresh = profile = _refuse
