"""What every sentence about a delivery is told from: the moment, the reader's clock, and how the machine is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.domain.clocks import Clock, span_in_words
from scheduler_ui.domain.lateness import policy_of
from scheduler_ui.models import Account, Delivery, Installation, LateThen, User, Worker
from scheduler_ui.platforms import registry


class Actor(TextChoices):
    """Who acts: what a status's colour says."""

    NOBODY = "nobody", gettext_lazy("Nobody acts")
    PUNCTUAL = "punctual", gettext_lazy("Punctual acts")
    AGAIN = "again", gettext_lazy("Punctual tries again")
    YOU = "you", gettext_lazy("You decide")
    DONE = "done", gettext_lazy("Done")
    ENDED = "ended", gettext_lazy("It ended")

    @property
    def tone(self) -> str:
        """The colour's name in the style sheets."""
        return _TONES[self]


_TONES = {
    Actor.NOBODY: "off",
    Actor.PUNCTUAL: "info",
    Actor.AGAIN: "warn",
    Actor.YOU: "ask",
    Actor.DONE: "ok",
    Actor.ENDED: "bad",
}


@dataclass(frozen=True)
class Machine:
    """Whether anything may go out, who says so, and when a worker last beat."""

    is_on: bool
    is_fixed: bool
    beat_at: datetime | None

    def is_beating(self, now: datetime) -> bool:
        return self.beat_at is not None and now - self.beat_at <= timedelta(seconds=settings.PUNCTUAL["worker_gone"])


@dataclass(frozen=True)
class Scene:
    """What sentences are told from besides the row: the moment, the reader's clock, the machine."""

    now: datetime
    clock: Clock
    machine: Machine

    def at(self, instant: datetime) -> str:
        return self.clock.at(instant, self.now)


@dataclass(frozen=True)
class Reason:
    """One sentence, who acts, why it is not out (empty when it is), and what happens next."""

    sentence: str
    actor: Actor
    why: tuple[str, ...] = ()
    next: str = ""


def scene(viewer: User, now: datetime) -> Scene:
    """What every sentence of a page needs, in two queries."""
    return Scene(now, Clock.of(viewer), machine())


def machine() -> Machine:
    beat_at = Worker.objects.order_by("-beat_at").values_list("beat_at", flat=True).first()
    button = Installation.objects.filter(pk=1).values_list("scheduling_enabled", flat=True).first()
    fixed = settings.SCHEDULING_ENABLED
    return Machine(button is not False if fixed is None else bool(fixed), fixed is not None, beat_at)


def platform_name(account: Account) -> str:
    try:
        return registry.get(account.platform).name
    except KeyError:
        return account.platform


def late_sentence(delivery: Delivery) -> str:
    """What the late policy makes of what is sent after its time."""
    policy = policy_of(delivery.post, delivery.workspace)
    words = {"late": span_in_words(timedelta(minutes=policy.minutes))}
    if policy.then == LateThen.SKIP:
        return _("What is at most %(late)s late then goes out; the rest is skipped.") % words
    return _("What is at most %(late)s late then goes out; the rest asks you.") % words


def switched_off_sentence(machine: Machine) -> str:
    if machine.is_fixed:
        return _("Publishing is switched off by SCHEDULING_ENABLED.")
    return _("Publishing is switched off in the settings.")


def no_worker_sentence(scene: Scene) -> str:
    if scene.machine.beat_at is None:
        return _("No worker is running.")
    return _("No worker has run since %(time)s.") % {"time": scene.clock.point(scene.machine.beat_at, scene.now)}


def told(actor: Actor, sentence: str, next_step: str = "", *why: str) -> Reason:
    return Reason(sentence, actor, why or (sentence,), next_step)


def due(delivery: Delivery) -> datetime:
    due_at = delivery.due_at or delivery.scheduled_for
    assert due_at is not None
    return due_at


def is_due(delivery: Delivery, scene: Scene) -> bool:
    return due(delivery) <= scene.now
