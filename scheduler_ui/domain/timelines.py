"""A delivery's attempts, one by one: what the platform said, what Punctual made of it, and what came next."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from scheduler_ui.domain.clocks import span_in_words
from scheduler_ui.domain.scenes import Scene, platform_name
from scheduler_ui.models import Attempt, Delivery

Kind, Outcome = Attempt.Kind, Attempt.Outcome

READ = {
    Kind.SEND: {
        Outcome.OPEN: gettext_lazy("No answer yet."),
        Outcome.PUBLISHED: gettext_lazy("Published."),
        Outcome.ACCEPTED: gettext_lazy("Taken. Its handle is saved, so it cannot be sent twice."),
        Outcome.REJECTED: gettext_lazy("Refused as it stands: sending the same again cannot help."),
        Outcome.UNAUTHORIZED: gettext_lazy("Refused: the account must be connected again."),
        Outcome.UNAVAILABLE: gettext_lazy("Surely not out."),
        Outcome.UNCONFIRMED: gettext_lazy("It may be out, or not. Sending again could post it twice."),
    },
    Kind.LOOKUP: {
        Outcome.OPEN: gettext_lazy("No answer yet."),
        Outcome.PUBLISHED: gettext_lazy("It is there: it went out after all."),
        Outcome.ABSENT: gettext_lazy("It is not there."),
        Outcome.UNAUTHORIZED: gettext_lazy("Could not look: the account must be connected again."),
        Outcome.UNAVAILABLE: gettext_lazy("Could not look."),
    },
    Kind.FOLLOW: {
        Outcome.OPEN: gettext_lazy("No answer yet."),
        Outcome.PUBLISHED: gettext_lazy("Done: it is public."),
        Outcome.ACCEPTED: gettext_lazy("Still being worked on."),
        Outcome.REJECTED: gettext_lazy("Refused after all."),
        Outcome.UNAUTHORIZED: gettext_lazy("Could not ask: the account must be connected again."),
        Outcome.UNAVAILABLE: gettext_lazy("Could not ask. The post itself is not affected."),
        Outcome.UNCONFIRMED: gettext_lazy("It may be out, or not."),
    },
    Kind.PREPARE: {
        Outcome.OPEN: gettext_lazy("Still being prepared."),
        Outcome.REJECTED: gettext_lazy("Refused before anything went out."),
        Outcome.UNAUTHORIZED: gettext_lazy("Nothing went out: the account must be connected again."),
        Outcome.UNAVAILABLE: gettext_lazy("Could not be prepared, so nothing went out."),
    },
}
# Tone and icon, as for the status that an outcome leads to.
LOOKS = {
    Outcome.OPEN: ("info", "loader"),
    Outcome.PUBLISHED: ("ok", "check"),
    Outcome.ACCEPTED: ("info", "hourglass"),
    Outcome.REJECTED: ("bad", "triangle-alert"),
    Outcome.UNAUTHORIZED: ("bad", "triangle-alert"),
    Outcome.UNAVAILABLE: ("warn", "rotate-ccw"),
    Outcome.UNCONFIRMED: ("askc", "circle-question-mark"),
    Outcome.ABSENT: ("info", "search"),
}


@dataclass(frozen=True)
class Line:
    """One attempt on a timeline. `answer` is the platform's own words, `note` Punctual's where it gave none."""

    title: str
    at: str
    took: str
    who: str
    answer: str
    note: str
    read: str
    next: str
    tone: str
    icon: str


def timeline(delivery: Delivery, attempts: Sequence[Attempt], scene: Scene) -> list[Line]:
    """The attempts of a delivery in order; of questions that were answered alike in a row, the last."""
    return [_line(attempt, delivery, scene) for attempt in _telling(attempts)]


def summary(attempts: Sequence[Attempt]) -> str:
    """`2 attempts, 7 look-ups`."""
    sends = sum(attempt.kind in {Kind.SEND, Kind.PREPARE} for attempt in attempts)
    looks = len(attempts) - sends
    parts = [ngettext("%(count)d attempt", "%(count)d attempts", sends) % {"count": sends}] if sends else []
    if looks:
        parts += [ngettext("%(count)d look-up", "%(count)d look-ups", looks) % {"count": looks}]
    return ", ".join(parts)


def read_as(attempt: Attempt) -> str:
    if is_slowed(attempt):
        return _("Surely not out: too busy. Waiting is not counted as a try.")
    return str(READ[Kind(attempt.kind)].get(Outcome(attempt.outcome), attempt.get_outcome_display()))


def next_of(attempt: Attempt, scene: Scene) -> str:
    """What came or comes of an attempt."""
    if attempt.outcome == Outcome.OPEN:
        return _("An answer comes, or is given up.")
    if attempt.next_at is None:
        return _next_by_itself(attempt)
    words = {"time": scene.clock.point(attempt.next_at, attempt.marked_at)}
    if is_slowed(attempt):
        return _("Everything for this account moved to %(time)s.") % words
    return _next_at(attempt) % words


def _telling(attempts: Sequence[Attempt]) -> list[Attempt]:
    told: list[Attempt] = []
    for attempt in attempts:
        before = told[-1] if told else None
        if before and attempt.kind in {Kind.LOOKUP, Kind.FOLLOW} and _alike(before, attempt):
            told.pop()
        told.append(attempt)
    return told


def _alike(one: Attempt, other: Attempt) -> bool:
    return (one.kind, one.outcome, one.answer) == (other.kind, other.outcome, other.answer)


def _line(attempt: Attempt, delivery: Delivery, scene: Scene) -> Line:
    tone, icon = LOOKS[Outcome(attempt.outcome)]
    said = {"platform": platform_name(delivery.account)}
    return Line(
        title=f"{attempt.get_kind_display()} {attempt.number}",
        at=scene.clock.exact(attempt.sent_at or attempt.marked_at),
        took=_took(attempt),
        who=_("%(platform)s said") % said,
        answer=attempt.answer,
        note=_note(attempt),
        read=read_as(attempt),
        next=next_of(attempt, scene),
        tone=tone,
        icon=icon,
    )


def _note(attempt: Attempt) -> str:
    """What stands in for an answer that there is none of."""
    if attempt.answer or attempt.outcome == Outcome.OPEN:
        return ""
    return attempt.error or _("Nothing in words.")


def _took(attempt: Attempt) -> str:
    if attempt.ended_at is None:
        return ""
    words = {"span": span_in_words(attempt.ended_at - (attempt.sent_at or attempt.marked_at))}
    if attempt.answer:
        return _("answered in %(span)s") % words
    return (_("gave up after %(span)s") if attempt.error else _("took %(span)s")) % words


def is_slowed(attempt: Attempt) -> bool:
    """A platform's 429, whose waiting is no try."""
    return attempt.outcome == Outcome.UNAVAILABLE and attempt.kind == Kind.SEND and attempt.answer.startswith("429")


def _next_at(attempt: Attempt) -> str:
    if attempt.outcome == Outcome.ABSENT:
        is_sent_again = attempt.next_at and attempt.ended_at and attempt.next_at <= attempt.ended_at
        return _("Sent again at %(time)s.") if is_sent_again else _("Looked for again at %(time)s.")
    if attempt.kind == Kind.LOOKUP or attempt.outcome == Outcome.UNCONFIRMED:
        return _("Looked for at %(time)s.")
    if attempt.kind == Kind.FOLLOW or attempt.outcome == Outcome.ACCEPTED:
        return _("Asked again at %(time)s.")
    return _("Tried again at %(time)s.")


def _next_by_itself(attempt: Attempt) -> str:
    """Nothing, and who acts instead."""
    return {
        Outcome.PUBLISHED: _("Nothing. Done."),
        Outcome.REJECTED: _("Nothing by itself. Change it, then retry."),
        Outcome.UNAUTHORIZED: _("Nothing by itself. Reconnect the account, then retry."),
        Outcome.UNAVAILABLE: _("Nothing by itself: its tries are used up. Retry when you like."),
    }.get(Outcome(attempt.outcome), _("Nothing by itself. You say whether it is there."))
