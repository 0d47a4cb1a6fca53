from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from scheduler_ui.domain import notices
from scheduler_ui.models import Delivery, Event, Notice

# What the post's history and the month's record keep, even when a person has mended it since.
SLIPS: dict[str, str] = {Notice.Kind.MISSED: "missed", Notice.Kind.ASKED: "asked"}


def tell(kind: str, delivery: Delivery, now: datetime, *, body: str = "") -> None:
    """Put a delivery that needs a person under the bell; the same event told twice is one notice."""
    titles = {
        Notice.Kind.FAILED: _("Not published to %(account)s"),
        Notice.Kind.MISSED: _("Missed its time on %(account)s"),
        Notice.Kind.ASKED: _("Is it out on %(account)s?"),
    }
    bodies = {
        Notice.Kind.FAILED: delivery.error,
        Notice.Kind.MISSED: _("No worker sent it in time. Publish it now, give it a new time, or drop it."),
        Notice.Kind.ASKED: _("The answer was lost. Look at the account, then say whether the post is there."),
    }
    is_new = notices.tell(
        kind,
        delivery.workspace,
        title=titles[Notice.Kind(kind)] % {"account": delivery.account},
        body=body or bodies[Notice.Kind(kind)],
        # The same moment of the same delivery; another lost answer is another event.
        event_key=f"{kind}:{delivery.public_id}:{delivery.version}:{delivery.attempts.count()}",
        delivery=delivery,
        account=delivery.account,
        now=now,
    )
    if is_new and kind in SLIPS:
        remember(kind, [delivery], now)


def remember(kind: str, deliveries: Iterable[Delivery], now: datetime) -> None:
    """Keep a slip in the history of each delivery's post."""
    Event.objects.bulk_create(
        Event(
            post_id=delivery.post_id,
            kind=SLIPS[kind],
            data={"account": str(delivery.account), "delivery": delivery.public_id},
            at=now,
        )
        for delivery in deliveries
    )
