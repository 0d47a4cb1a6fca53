"""How a post's deliveries kept their time: the on-time record of one post."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import delays, record
from scheduler_ui.domain.clocks import Clock, lateness_in_words, span_in_words
from scheduler_ui.domain.delays import LATE, Facts
from scheduler_ui.domain.scenes import platform_name
from scheduler_ui.models import OUT, Account, Attempt, Delivery, Event, Status, Workspace


@dataclass(frozen=True)
class Timing:
    """`late` is '' where nothing is known; notes say what was not as plain as it might have been, and why."""

    account: Account
    late: str
    is_late: bool
    notes: Sequence[str]


def of_post(
    workspace: Workspace, deliveries: Sequence[Delivery], events: Sequence[Event], clock: Clock
) -> list[Timing]:
    """Of those that have something to tell. A query more where one was late."""
    late = [delivery for delivery in deliveries if _is_late(delivery)]
    crowds = record.crowds(workspace, late) if late else {}
    told = []
    for delivery in deliveries:
        attempts = list(delivery.attempts.all())
        theirs = [event for event in events if event.data.get("delivery") in {None, delivery.public_id}]
        facts = Facts(delivery, attempts, theirs, crowds.get(delivery.scheduled_for, 1), clock)
        told.append(of(facts))
    return [timing for timing in told if timing.late or timing.notes]


def of(facts: Facts) -> Timing:
    delivery = facts.delivery
    late_ms = delivery.late_ms if delivery.status in OUT else None
    return Timing(
        account=delivery.account,
        late="" if late_ms is None else lateness_in_words(late_ms),
        is_late=_is_late(delivery),
        notes=[note for note in (_why(facts), _public(delivery), _tries(facts), *_slips(facts)) if note],
    )


def _is_late(delivery: Delivery) -> bool:
    return delivery.status in OUT and (delivery.late_ms or 0) > record.LATE_MS


def _why(facts: Facts) -> str:
    return delays.why(facts) if _is_late(facts.delivery) else ""


def _public(delivery: Delivery) -> str:
    """The network's own time, after it had taken the post."""
    took = delivery.handle and delivery.sent_at and delivery.settled_at and delivery.settled_at - delivery.sent_at
    if delivery.status != Status.PUBLISHED or not took or took < LATE:
        return ""
    words = {"span": span_in_words(took), "platform": platform_name(delivery.account)}
    return _("Known to be public %(span)s later: %(platform)s worked on it.") % words


def _tries(facts: Facts) -> str:
    sends = [attempt for attempt in facts.attempts if attempt.kind == Attempt.Kind.SEND]
    return _("Sent %(count)d times.") % {"count": len(sends)} if len(sends) > 1 else ""


def _slips(facts: Facts) -> list[str]:
    """What it was before a person mended it, and it is no more."""
    kinds = [event.kind for event in facts.events if event.data.get("delivery") == facts.delivery.public_id]
    told = []
    if missed := kinds.count("missed"):
        told.append(ngettext("Missed once.", "Missed %(count)d times.", missed) % {"count": missed})
    if asked := kinds.count("asked"):
        told.append(ngettext("Asked once.", "Asked %(count)d times.", asked) % {"count": asked})
    return told
