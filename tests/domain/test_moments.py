from datetime import datetime, timedelta

import pytest

from scheduler_ui.domain import moments, wall_clock
from scheduler_ui.domain.moments import Pick
from scheduler_ui.domain.posts import When
from scheduler_ui.models import User
from tests.factories import NOW

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MARA = User(name="Mara", timezone=BERLIN)
ANA = User(name="Ana", timezone=NEW_YORK)


def told(local: str, fold="compatible", person=MARA, others=(), **more):
    return moments.tell(When(datetime.fromisoformat(local), BERLIN, fold), person, others, NOW, **more)


def test_tell_a_plain_time_says_when_where_and_how_far():
    said = told("2026-11-27T09:00")
    assert (said.bold, said.rest) == ("Friday 27 November 2026, 09:00", "in Berlin, in 4 days.")
    assert (said.others, said.warning, said.choices, said.is_past) == ((), "", (), False)


def test_tell_on_a_twelve_hour_clock_repeats_the_time_on_it():
    person = User(name="Mara", timezone=BERLIN, clock="12")
    assert told("2026-11-27T21:05", person=person).bold == "Friday 27 November 2026, 9:05 pm"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "in 10 s"),
        (1, "in 60 s"),
        (30, "in 30 min"),
        (185, "in 3 h 5 min"),
        (-30, "30 min ago"),
        (3000, "in 2 days"),
    ],
)
def test_tell_how_far_it_is(minutes, words):
    local = wall_clock.to_local(NOW + timedelta(minutes=minutes), BERLIN)[0]
    said = told(local.isoformat())
    assert (said.rest, said.is_past) == (f"in Berlin, {words}.", minutes < 0)


def test_tell_a_gap_warns_and_offers_both_sides():
    said = told("2027-03-28T02:30", others=[ANA])
    assert said.warning == "02:30 does not exist that day in Berlin; it goes out at 03:30."
    assert said.choices == (("compatible", "At 03:30", True), ("earlier", "Before it, at 01:30", False))
    assert said.bold == "Sunday 28 March 2027, 03:30"
    assert said.others == ("For Ana in New York: Saturday 27 March, 21:30.",)


def test_tell_a_gap_read_earlier_says_so():
    said = told("2027-03-28T02:30", "earlier")
    assert said.choices == (("compatible", "At 03:30", False), ("earlier", "Before it, at 01:30", True))
    assert said.bold == "Sunday 28 March 2027, 01:30"


@pytest.mark.parametrize(("fold", "is_second"), [("compatible", False), ("earlier", False), ("later", True)])
def test_tell_an_overlap_offers_first_and_second(fold, is_second):
    said = told("2027-10-31T02:30", fold)
    assert said.warning == "02:30 happens twice that day in Berlin."
    assert said.choices == (
        ("compatible", "The first 02:30 (UTC+2)", not is_second),
        ("later", "The second 02:30 (UTC+1)", is_second),
    )
    assert f"{said.instant:%H:%M}" == ("01:30" if is_second else "00:30")


def test_tell_leaves_out_people_on_the_same_clock():
    paris = User(name="Luc", timezone="Europe/Paris")
    assert told("2026-11-27T09:00", others=[paris]).others == ()


def test_tell_names_three_other_people_at_most():
    people = [User(name=f"P{number}", timezone=NEW_YORK) for number in range(5)]
    assert len(told("2026-11-27T09:00", others=people).others) == 3


def test_tell_names_the_posts_own_zone_where_it_differs():
    said = told("2026-11-27T09:00", post_zone=NEW_YORK)
    assert said.others == ("In New York, where the post is kept: Friday 27 November, 03:00.",)


def test_quick_picks_in_the_morning_begin_with_this_evening():
    assert moments.quick_picks(NOW, BERLIN) == [
        Pick("Today 18:00", "2026-11-23T18:00"),
        Pick("Tomorrow 09:00", "2026-11-24T09:00"),
        Pick("Mon 30 Nov, 09:00", "2026-11-30T09:00"),
    ]


@pytest.mark.parametrize(("hour", "minute", "first"), [(17, 54, "Today 18:00"), (17, 55, "Tomorrow 09:00")])
def test_quick_picks_leave_out_an_evening_that_is_too_near(hour, minute, first):
    now = wall_clock.to_utc(datetime.fromisoformat(f"2026-11-23T{hour}:{minute}"), BERLIN)
    assert moments.quick_picks(now, BERLIN)[0].label == first


def test_quick_picks_on_a_sunday_offer_the_monday_after_tomorrow():
    sunday = wall_clock.to_utc(datetime.fromisoformat("2026-11-22T20:00"), BERLIN)
    assert [pick.value for pick in moments.quick_picks(sunday, BERLIN)] == ["2026-11-23T09:00", "2026-11-30T09:00"]


def test_quick_picks_are_of_the_persons_own_day():
    late = wall_clock.to_utc(datetime.fromisoformat("2026-11-23T23:30"), NEW_YORK)
    assert moments.quick_picks(late, NEW_YORK, "12")[0] == Pick("Tomorrow 9:00 am", "2026-11-24T09:00")


@pytest.mark.parametrize(
    ("local", "value"),
    [
        (datetime.fromisoformat("2026-01-02T03:04"), "2026-01-02T03:04"),
        (datetime.fromisoformat("2026-01-02T03:04:05"), "2026-01-02T03:04:05"),
    ],
)
def test_for_input_says_seconds_only_where_they_matter(local, value):
    assert moments.for_input(local) == value
