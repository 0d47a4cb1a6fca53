"""Why a post went out late, told from what was written down when it happened: attempts, events, the hold it was under.

Each of the causes is a function of its own: a sentence, or '' where it was not that. The first that speaks is the one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.record import LATE_MS
from scheduler_ui.domain.scenes import platform_name
from scheduler_ui.domain.timelines import is_slowed
from scheduler_ui.models import Attempt, Delivery, Event, Hold

LATE = timedelta(milliseconds=LATE_MS)
UTC = Clock("UTC")
Kind, Outcome = Attempt.Kind, Attempt.Outcome
# What a person did that made it due at a moment that had gone by.
DECIDED = {
    "absent": gettext_lazy("Somebody looked, said at %(time)s that it was not there, and it was sent again."),
    "restored": gettext_lazy("It was in the trash until %(time)s."),
}


@dataclass(frozen=True)
class Facts:
    """A delivery that is out, its attempts in order, its post's events, and how many were due in that second."""

    delivery: Delivery
    attempts: Sequence[Attempt]
    events: Sequence[Event] = ()
    crowd: int = 1
    clock: Clock = UTC

    @property
    def due(self) -> datetime:
        assert self.delivery.scheduled_for is not None  # nothing is late that was not promised
        return self.delivery.scheduled_for

    @property
    def sent(self) -> datetime:
        return self.delivery.sent_at or self.due

    @property
    def send(self) -> Attempt | None:
        """The one that went out."""
        sends = [attempt for attempt in self.attempts if attempt.kind == Kind.SEND]
        exact = [attempt for attempt in sends if attempt.sent_at == self.delivery.sent_at]
        found = exact or sends
        return found[-1] if found else None

    @property
    def before(self) -> list[Attempt]:
        """What had been tried until then."""
        send = self.send
        return [attempt for attempt in self.attempts if send and attempt.marked_at < send.marked_at]

    def time(self, instant: datetime) -> str:
        return self.clock.point(instant, self.due)


def why(facts: Facts) -> str:
    """One sentence or two; honest where nothing was written down."""
    for cause in CAUSES:
        if told := cause(facts):
            return told
    return _("Nothing was written down that tells why.")


def slowed(facts: Facts) -> str:
    """Its own send was answered with a 429."""
    busy = [attempt for attempt in facts.before if is_slowed(attempt)]
    if not busy or facts.before[-1] is not busy[-1]:
        return ""
    words = {"platform": platform_name(facts.delivery.account), "time": facts.time(busy[-1].next_at or facts.sent)}
    return _("%(platform)s asked to slow down, so the account waited until %(time)s.") % words


def lost(facts: Facts) -> str:
    """An answer was lost, and it was looked for before it was sent again."""
    unclear = [attempt for attempt in facts.before if attempt.outcome == Outcome.UNCONFIRMED]
    if not unclear:
        return ""
    then = _("It was not there, so it was sent again.")
    if not any(attempt.kind == Kind.LOOKUP for attempt in facts.before):
        then = _("It was sent again.")
    return _sentences(unclear[-1].error or _("The answer was lost."), decided(facts) or then)


def tried_again(facts: Facts) -> str:
    """Tries before it had not gone out."""
    failed = [attempt for attempt in facts.before if attempt.outcome == Outcome.UNAVAILABLE]
    failed = [attempt for attempt in failed if attempt.kind in {Kind.SEND, Kind.PREPARE}]
    if not failed:
        return ""
    tries = len([attempt for attempt in failed if not is_slowed(attempt)]) + 1
    return _sentences(failed[-1].error, _("It went out at try %(number)d.") % {"number": tries})


def saved_late(facts: Facts) -> str:
    """Written or armed when its time had gone by."""
    if facts.delivery.created_at - facts.due < LATE:
        return ""
    return _("It was saved after its time, at %(time)s.") % {"time": facts.time(facts.delivery.created_at)}


def decided(facts: Facts) -> str:
    """A person's word came after its time."""
    theirs = [event for event in facts.events if event.kind in DECIDED and facts.due < event.at <= facts.sent]
    if not theirs:
        return ""
    last = max(theirs, key=lambda event: event.at)
    return str(DECIDED[last.kind]) % {"time": facts.time(last.at)}


def held(facts: Facts) -> str:
    """A hold was lifted after its time."""
    words = {"time": facts.time(facts.sent)}
    sentences = {
        Hold.PAUSED: _("It was paused until %(time)s."),
        Hold.RECONNECT: _("The account had to be connected again, which was done by %(time)s."),
        Hold.BRAKE: _("The runaway brake held it until somebody let it go on, by %(time)s."),
        Hold.REPEAT: _("It was held as a repeat until somebody let it go on, by %(time)s."),
        Hold.RESTORED: _("It was held after the database had been restored, until %(time)s."),
        Hold.DELETED: _("It was in the trash until %(time)s."),
    }
    return sentences[Hold(facts.delivery.held_for)] % words if facts.delivery.held_for else ""


def unattended(facts: Facts) -> str:
    """Whoever sent it was not there at its time."""
    send = facts.send
    if send is None or send.worker_since is None or send.worker_since <= facts.due:
        return ""
    started = _("No worker took it until one started at %(time)s.") % {"time": facts.time(send.worker_since)}
    return _sentences(started, _in_turn(send, send.worker_since))


def took_its_turn(facts: Facts) -> str:
    """Something had moved it before it was tried: a limit of the account, or the line after an outage."""
    send = facts.send
    if send is None or send.due_at is None or send.due_at - facts.due < LATE:
        return ""
    words = {"account": facts.delivery.account, "time": facts.time(send.due_at)}
    return _("%(account)s takes only so many at a time; its turn came at %(time)s.") % words


def taken_late(facts: Facts) -> str:
    """A worker was there, and took it late."""
    send = facts.send
    if send is None or send.marked_at - (send.due_at or facts.due) < LATE:
        return ""
    if facts.crowd > 1:
        return _("%(count)d posts were due in this second.") % {"count": facts.crowd}
    return _("The workers were busy or the machine asleep until %(time)s.") % {"time": facts.time(send.marked_at)}


def held_up(facts: Facts) -> str:
    """It was taken in time and left late."""
    if facts.send is None or facts.sent - facts.send.marked_at < LATE:
        return ""
    return _("A worker had taken it in time and was held up before it could send.")


CAUSES: Sequence[Callable[[Facts], str]] = (
    slowed,
    lost,
    tried_again,
    decided,
    held,
    unattended,
    saved_late,
    took_its_turn,
    taken_late,
    held_up,
)


def _in_turn(send: Attempt, since: datetime) -> str:
    return _("What was overdue then went out in turn.") if send.due_at and send.due_at - since >= LATE else ""


def _sentences(*told: str) -> str:
    return " ".join(sentence for sentence in told if sentence)
