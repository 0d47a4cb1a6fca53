"""Where cards stand in a day's column: those that would cover each other stand side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scheduler_ui.domain.cards import Card

QUARTERS = 96


@dataclass
class Place:
    """A card, or the number of those without room, at a quarter hour of the day, in a lane (from 1) of `lanes`."""

    quarter: int
    lane: int
    lanes: int = 1
    card: Card | None = None
    hidden: int = 0


@dataclass
class _Group:
    """Places that cover each other, one after the other."""

    ends: list[int] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


def place(cards: Sequence[Card], height: int, most: int) -> list[Place]:
    """Every card in order of time as `height` quarters of an hour, in at most `most` lanes; the rest is counted."""
    return [placed for group in _groups(cards, height) for placed in _closed(group, most)]


def _groups(cards: Sequence[Card], height: int) -> Iterable[_Group]:
    group = _Group()
    for card in cards:
        quarter = min(card.at.hour * 4 + card.at.minute // 15, QUARTERS - height)
        if group.ends and quarter >= max(group.ends):
            yield group
            group = _Group()
        free = next((lane for lane, end in enumerate(group.ends) if end <= quarter), len(group.ends))
        group.ends[free : free + 1] = [quarter + height]
        group.places.append(Place(quarter, free + 1, card=card))
    yield group


def _closed(group: _Group, most: int) -> list[Place]:
    lanes = min(len(group.ends), most)
    is_full = len(group.ends) > most
    kept = [found for found in group.places if not is_full or found.lane < most]
    left = [found for found in group.places if is_full and found.lane >= most]
    if left:
        kept.append(Place(left[0].quarter, most, hidden=len(left)))
    for found in kept:
        found.lanes = lanes
    return kept
