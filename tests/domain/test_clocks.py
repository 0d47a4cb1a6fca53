from datetime import UTC, datetime, timedelta

import pytest

from scheduler_ui.domain.clocks import Clock, span_in_words

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
BERLIN = Clock("Europe/Berlin")
NEW_YORK = Clock("America/New_York", "12")


@pytest.mark.parametrize(
    ("clock", "expected"), [(BERLIN, "09:00:00.04"), (NEW_YORK, "3:00:00.04 am"), (Clock("UTC", "12"), "8:00:00.04 am")]
)
def test_exact_time_is_cut_to_hundredths(clock, expected):
    assert clock.exact(datetime(2026, 11, 19, 8, 0, 0, 49_999, tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (datetime(2026, 11, 19, 11, 30, tzinfo=UTC), "today at 12:30"),
        (datetime(2026, 11, 19, 11, 30, 5, tzinfo=UTC), "today at 12:30:05"),
        (datetime(2026, 11, 19, 23, 30, tzinfo=UTC), "tomorrow, Friday 20 November, at 00:30"),
        (datetime(2026, 11, 18, 9, 0, tzinfo=UTC), "yesterday at 10:00"),
        (datetime(2026, 11, 27, 9, 0, tzinfo=UTC), "on Friday 27 November at 10:00"),
        (datetime(2027, 1, 1, 9, 0, tzinfo=UTC), "on Friday 1 January 2027 at 10:00"),
    ],
)
def test_moment_is_told_in_the_readers_own_days(instant, expected):
    assert BERLIN.moment(instant, NOW) == expected


def test_point_names_the_day_only_when_it_is_another():
    assert BERLIN.point(NOW, NOW) == "10:00"
    assert BERLIN.point(NOW - timedelta(days=1), NOW) == "Wednesday 18 November, 10:00"


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(milliseconds=41), "0.04 s"),
        (timedelta(seconds=20), "20 s"),
        (timedelta(minutes=4, seconds=50), "5 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_span_is_told_no_finer_than_it_matters(span, expected):
    assert span_in_words(span) == expected
