"""The runaway brake: so many posts to one account within an hour, or the same post twice within a day, are held."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, notices
from scheduler_ui.domain.holds import BRAKES, hold_for, turned_to
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import STARTED, WAITING, Account, Delivery, Event, Hold, Notice, User
from scheduler_ui.platforms import registry


def cap_of(account: Account) -> int:
    """How many posts an hour; 0: as many as there are."""
    if not has_brake(account):
        return 0
    return usual_cap() if account.hourly_cap is None else account.hourly_cap


def has_brake(account: Account) -> bool:
    """A platform that nobody else reads needs none."""
    platform = registry.PLATFORMS.get(account.platform)
    return platform is None or platform.has_brake


def usual_cap() -> int:
    """Of an account that has no number of its own; 0: no brake."""
    return int(settings.PUNCTUAL["hourly_cap"])


def earlier(delivery: Delivery) -> Delivery | None:
    """What went out to the account with the same words, last."""
    same = Delivery.objects.filter(account=delivery.account_id, text_sha256=text_sha256(delivery))
    sent = same.filter(marked_at__isnull=False, status__in=STARTED).exclude(pk=delivery.pk)
    return sent.select_related("post").order_by("-marked_at").first()


def text_sha256(delivery: Delivery) -> str:
    """What makes two deliveries to one account the same: the words, however they are spaced, and the media.

    The same words under another picture are another post.
    """
    parts = [" ".join(delivery.content.split())]
    if delivery.has_media:
        parts += delivery.post.attachments.order_by("position").values_list("media__public_id", flat=True)
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def tell(delivery: Delivery, hold: Hold, now: datetime) -> None:
    """One notice for what is held of an account within an hour, and one for each text that came again."""
    account = delivery.account
    words = {"account": account, "count": cap_of(account)}
    hour = f"{now:%Y%m%d%H}"
    if hold == Hold.BRAKE:
        title = _("Held: very many posts to %(account)s") % words
        body = _("%(count)s went out to it within an hour. What follows waits until you have looked.") % words
        event = f"{account.public_id}:{hour}"
    else:
        title = _("Held: the same post to %(account)s again") % words
        body = _("It went out to this account already, within a day. Send it all the same, or drop it.")
        event = f"{account.public_id}:{delivery.text_sha256[:16]}:{hour}"
    notices.tell(
        Notice.Kind.HELD,
        delivery.workspace,
        title=title,
        body=body,
        event_key=f"{hold}:{event}",
        now=now,
        delivery=delivery,
        account=account,
    )
    boards.touch(delivery.workspace_id)


def waive_brake(delivery: Delivery, person: User, now: datetime) -> None:
    """Somebody has looked: let it go on; what is too late by now is for the late policy to judge. Raises Refused."""
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=delivery.account_id)
        changes = {"is_brake_waived": True} | turned_to(hold_for(account, delivery.post))
        held = Delivery.objects.filter(pk=delivery.pk, status__in=WAITING, hold_reason__in=BRAKES)
        if held.update(**changes) != 1:
            raise Refused(_("It is not held any more."))
        data = {"account": str(account)}
        Event.objects.create(post_id=delivery.post_id, actor=person, kind="unbraked", data=data, at=now)
        boards.touch(delivery.workspace_id)
    delivery.refresh_from_db()
