"""All that a composer's page shows beside the inputs: counters, problems, previews, and what the time means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from scheduler_ui.domain import composing, moments, posts, previews, wall_clock
from scheduler_ui.domain.composing import Errors, Filled
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.domain.moments import Pick, Told
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.previews import Card
from scheduler_ui.models import LateThen, User


@dataclass(frozen=True)
class Typed:
    """What the form's inputs held: at once or at a time, on whose clock, and up to how many minutes late."""

    is_now: bool
    value: str
    zone: str
    when: When | None = None
    late_minutes: str = ""


@dataclass(frozen=True)
class Sheet:
    filled: Filled
    typed: Typed
    cards: Sequence[Card]
    told: Told | None
    picks: Sequence[Pick]
    offset: str
    errors: Errors = field(default_factory=dict)

    @cached_property
    def chosen(self) -> list[Card]:
        return [card for card in self.cards if card.is_chosen]

    @property
    def is_new(self) -> bool:
        return self.filled.post is None

    @cached_property
    def is_draft(self) -> bool:
        return self.filled.post is None or posts.is_draft(self.filled.post)

    @property
    def late(self) -> Policy:
        """The workspace's, which holds where the post has none of its own."""
        return Policy(self.filled.workspace.late_minutes, self.filled.workspace.late_then)

    @property
    def late_shown(self) -> Policy:
        return self.filled.composed.late or self.late

    @property
    def late_minutes(self) -> str:
        """What was typed stays, also what cannot be used."""
        return self.typed.late_minutes or str(self.late_shown.minutes)

    @property
    def late_choices(self) -> list[tuple[str, str]]:
        return [(choice.value, str(choice.label)) for choice in LateThen]

    @property
    def characters(self) -> int:
        return len(previews.GRAPHEME.findall(self.filled.composed.text))

    @property
    def text_problems(self) -> list[Card]:
        return [card for card in self.chosen if any(problem.field == "text" for problem in card.problems)]

    @property
    def media_problems(self) -> list[Card]:
        return [card for card in self.chosen if any(problem.field == "media" for problem in card.problems)]

    @cached_property
    def fixes(self) -> list[str]:
        """What is still in the way, one sentence for each field or account."""
        return _said(self.cards) + [sentence for sentences in self.errors.values() for sentence in sentences]

    @property
    def to_fix(self) -> str:
        return previews.things_to_fix(len(self.fixes)) if self.fixes else ""


def look(filled: Filled, typed: Typed, now: datetime, errors: Errors | None = None) -> Sheet:
    """Lay out what a form says, as it stands now."""
    told = _told(filled, typed, now)
    accounts = composing.offered(filled.workspace, filled.composed.accounts)
    cards = previews.cards(accounts, filled.composed, told.instant if told else now)
    return Sheet(
        filled=filled,
        typed=typed,
        cards=cards,
        told=told,
        picks=moments.quick_picks(now, typed.zone, filled.person.clock),
        offset=wall_clock.offset_name(told.instant if told else now, typed.zone),
        errors=_with_past(_not_said(errors or {}, cards), told),
    )


def _told(filled: Filled, typed: Typed, now: datetime) -> Told | None:
    if typed.when is None or typed.is_now:
        return None
    post_zone = filled.post.timezone if filled.post else ""
    return moments.tell(typed.when, filled.person, _others(filled), now, post_zone)


def _others(filled: Filled) -> Iterable[User]:
    members = filled.workspace.memberships.exclude(user=filled.person).select_related("user").order_by("pk")
    return [member.user for member in members]


def _said(cards: Iterable[Card]) -> list[str]:
    return [composing.problem_of(card, problem) for card in cards for problem in card.problems]


def _not_said(errors: Errors, cards: Iterable[Card]) -> Errors:
    """What the cards do not say already."""
    said = set(_said(cards))
    left = {name: [one for one in sentences if one not in said] for name, sentences in errors.items()}
    return {name: sentences for name, sentences in left.items() if sentences}


def _with_past(errors: Errors, told: Told | None) -> Errors:
    """A time that has gone by is said at once, not only when the form is sent."""
    if told is None or not told.is_past or "when" in errors:
        return errors
    return {**errors, "when": [_("That time has passed. Choose a later one, or publish now.")]}
