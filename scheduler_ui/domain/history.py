"""A post's history as sentences: who did what, and when that was on the reader's clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.scenes import Scene
from scheduler_ui.models import Attempt, Event

SENTENCES = {
    "scheduled": gettext_lazy("%(actor)s scheduled it"),
    "moved": gettext_lazy("%(actor)s gave it a new time"),
    "moved_from": gettext_lazy("%(actor)s moved it from %(was)s to %(to)s"),
    "canceled": gettext_lazy("%(actor)s canceled it for %(account)s"),
    "dropped": gettext_lazy("%(actor)s dropped it for %(account)s"),
    "now": gettext_lazy("%(actor)s published it now to %(account)s"),
    "retried": gettext_lazy("%(actor)s tried %(account)s again"),
    "unbraked": gettext_lazy("%(actor)s let it go to %(account)s all the same"),
    "there": gettext_lazy("%(actor)s said that it is on %(account)s"),
    "absent": gettext_lazy("%(actor)s said that it is not on %(account)s"),
    "deleted": gettext_lazy("%(actor)s put it in the trash"),
    "restored": gettext_lazy("%(actor)s took it out of the trash"),
    "duplicated": gettext_lazy("%(actor)s made it from another post"),
    "missed": gettext_lazy("It missed its time on %(account)s"),
    "asked": gettext_lazy("Punctual could not find out whether it is on %(account)s, and asked"),
    "sent": gettext_lazy("Sent to %(account)s by worker %(worker)s"),
}


@dataclass(frozen=True)
class Entry:
    """`at` is the instant, `time` the reader's clock today and their date before."""

    at: datetime
    time: str
    sentence: str


def entries(events: Iterable[Event], sent: Iterable[Attempt], scene: Scene) -> list[Entry]:
    """The latest first: what people did, and every attempt that got it out. `events` come with their actor."""
    told = [(event.at, sentence(event, scene.clock)) for event in events]
    told += [(attempt.sent_at or attempt.marked_at, _sent(attempt)) for attempt in sent if _is_out(attempt)]
    told.sort(key=lambda entry: entry[0], reverse=True)
    return [Entry(at, _time(at, scene), words) for at, words in told]


def sentence(event: Event, clock: Clock) -> str:
    words = {"account": "", "worker": ""} | event.data | {"actor": str(event.actor or _("Punctual"))}
    kind = event.kind
    if kind == "moved" and event.data.get("was") and event.data.get("to"):
        kind, words = "moved_from", words | _from_to(event, clock)
    if kind in {"moved", "now", "canceled", "retried"} and not event.data.get("account"):
        return str(SENTENCES[kind] % (words | {"account": _("every account")}))
    return str(SENTENCES[kind] % words) if kind in SENTENCES else f"{words['actor']}: {kind}"


def _from_to(event: Event, clock: Clock) -> dict[str, str]:
    """Two times of one day are told as times, else with their days."""
    was, to = (datetime.fromisoformat(event.data[name]) for name in ("was", "to"))
    if clock.date(was) == clock.date(to):
        return {"was": clock.time(was), "to": clock.time(to)}
    return {"was": _short(was, clock), "to": _short(to, clock)}


def _short(instant: datetime, clock: Clock) -> str:
    return f"{dateformat.format(clock.date(instant), 'j M')} {clock.time(instant)}"


def _time(at: datetime, scene: Scene) -> str:
    if scene.clock.date(at) == scene.clock.date(scene.now):
        return scene.clock.time(at.replace(second=0))
    return dateformat.format(scene.clock.date(at), "j M")


def _is_out(attempt: Attempt) -> bool:
    return (
        attempt.outcome in {Attempt.Outcome.PUBLISHED, Attempt.Outcome.ACCEPTED} and attempt.kind == Attempt.Kind.SEND
    )


def _sent(attempt: Attempt) -> str:
    words = {"account": str(attempt.delivery.account), "worker": attempt.worker or "?"}
    return str(SENTENCES["sent"] % words)
