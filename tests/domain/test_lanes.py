from datetime import datetime
from types import SimpleNamespace

import pytest

from scheduler_ui.domain.lanes import place


def cards(*clocks):
    return [SimpleNamespace(at=datetime.fromisoformat(f"2026-11-23T{clock}")) for clock in clocks]


def places(*clocks, height=2, most=3):
    return [(place.quarter, place.lane, place.lanes, place.hidden) for place in place(cards(*clocks), height, most)]


def test_cards_apart_have_the_whole_width():
    assert places("09:00", "09:30", "17:00") == [(36, 1, 1, 0), (38, 1, 1, 0), (68, 1, 1, 0)]


def test_cards_at_one_minute_stand_side_by_side():
    assert places("09:00", "09:00", "09:00") == [(36, 1, 3, 0), (36, 2, 3, 0), (36, 3, 3, 0)]


def test_lane_that_is_free_again_is_taken_again():
    assert places("09:00", "09:15", "09:30") == [(36, 1, 2, 0), (37, 2, 2, 0), (38, 1, 2, 0)]


def test_cards_without_room_are_counted():
    assert places("09:00", "09:00", "09:00", "09:00") == [(36, 1, 3, 0), (36, 2, 3, 0), (36, 3, 3, 2)]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9])
def test_every_card_is_shown_or_counted(number):
    placed = place(cards(*["09:00"] * number), 2, 3)
    assert sum(found.hidden or 1 for found in placed) == number


def test_last_minutes_of_a_day_stay_in_the_column():
    assert places("23:50") == [(94, 1, 1, 0)]


def test_no_cards_need_no_place():
    assert places() == []
