from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from scheduler_ui.domain import calendars, cards
from scheduler_ui.domain.calendars import Chosen, Sight, View, span_of
from scheduler_ui.models import Account, Hold, Status, Workspace
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

MONTH = span_of(View.MONTH, date(2026, 11, 23), 0)


@pytest.fixture
def viewer(db):
    return a_user(timezone="Europe/Berlin")


@pytest.fixture
def workspace(viewer) -> Workspace:
    return a_workspace(viewer)


@pytest.fixture
def account(workspace) -> Account:
    return an_account(workspace)


def read(workspace, viewer, span=MONTH, now=NOW, **sight):
    return calendars.read(workspace, viewer, Sight(span, **sight), cards.accounts_of(workspace), now)


def found(workspace, viewer, span=MONTH, **sight):
    """The days that have cards, with the clocks that they show."""
    days = read(workspace, viewer, span, **sight)
    return {day.date.isoformat(): [card.clock for card in day.cards] for day in days if day.count}


@pytest.mark.parametrize(
    ("week_start", "first", "last"),
    [(0, "2026-10-26", "2026-12-06"), (6, "2026-11-01", "2026-12-05"), (5, "2026-10-31", "2026-12-04")],
)
def test_month_is_whole_weeks_from_the_persons_first_day(week_start, first, last):
    span = span_of(View.MONTH, date(2026, 11, 23), week_start)
    assert (span.first.isoformat(), span.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("view", "before", "after"),
    [
        (View.MONTH, "2026-09-01", "2026-11-01"),
        (View.LIST, "2026-09-01", "2026-11-01"),
        (View.WEEK, "2026-10-24", "2026-11-07"),
        (View.DAY, "2026-10-30", "2026-11-01"),
    ],
)
def test_before_and_after_are_one_span_away(view, before, after):
    span = span_of(view, date(2026, 10, 31), 0)
    assert (span.before.isoformat(), span.after.isoformat()) == (before, after)


@given(some.dates(calendars.EARLIEST, calendars.LATEST), some.sampled_from(View), some.integers(0, 6))
def test_span_holds_its_anchor_and_its_neighbours_join(anchor, view, week_start):
    span = span_of(view, anchor, week_start)
    assert span.first <= anchor <= span.last
    assert span_of(view, span.after, week_start).first <= span.last + calendars.DAY
    assert span_of(view, span.before, week_start).last >= min(span.first - calendars.DAY, calendars.EARLIEST)


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [
        ("Europe/Berlin", "2026-11-24", "00:30"),
        ("UTC", "2026-11-23", "23:30"),
        ("America/Los_Angeles", "2026-11-23", "15:30"),
        ("Pacific/Kiritimati", "2026-11-24", "13:30"),
    ],
)
def test_every_view_puts_a_post_on_the_viewers_day(workspace, account, viewer, view, zone, day, clock):
    viewer.timezone = zone
    a_post(workspace, account, scheduled_for=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    span = span_of(view, date.fromisoformat(day), viewer.week_start)
    assert found(workspace, viewer, span) == {day: [clock]}


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Pacific/Chatham"])
def test_first_and_last_minute_of_a_span_are_in_it_and_their_neighbours_are_not(workspace, account, viewer, view, zone):
    viewer.timezone = zone
    span = span_of(view, date(2027, 3, 14), 6)
    first, last = (datetime.combine(day, datetime.min.time()) for day in (span.first, span.last + calendars.DAY))
    edges = [calendars.wall_clock.to_utc(local, zone) for local in (first, last)]
    for edge in edges:
        for side in (timedelta(0), timedelta(minutes=-1)):
            a_post(workspace, account, scheduled_for=edge + side)
    assert sum(len(clocks) for clocks in found(workspace, viewer, span).values()) == 2


def test_posts_at_one_minute_are_all_there(workspace, account, viewer):
    for _number in range(5):
        a_post(workspace, account)
    assert found(workspace, viewer) == {"2026-11-23": ["10:00"] * 5}


def test_read_leaves_out_strangers_the_trash_and_what_has_no_time(workspace, account, viewer):
    stranger = a_workspace(a_user())
    a_post(stranger, an_account(stranger))
    a_post(workspace, account, deleted_at=NOW)
    a_post(workspace, account, scheduled_for=None, status=Status.DRAFT)
    assert found(workspace, viewer) == {}


def test_day_shows_as_many_as_fit_and_counts_the_rest(workspace, account, viewer):
    for hour in range(5):
        a_post(workspace, account, scheduled_for=NOW + timedelta(hours=hour))
    days = read(workspace, viewer, each=3)
    day = next(day for day in days if day.count)
    assert [card.clock for card in day.shown] == ["09:00", "10:00", "11:00"]
    assert (day.count, day.hidden) == (5, 2)


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        ((-200, -100, -50, 5, 10, 20), [5, 10, 20]),
        ((-200, -100, -50, -1, 10), [-50, -1, 10]),
        ((-200, -1, 5, 10, 20), [-1, 5, 10]),
        ((-200, -150, -100, -50), [-150, -100, -50]),
    ],
)
def test_crowded_today_shows_what_comes_next(workspace, account, viewer, minutes, shown):
    for number in minutes:
        a_post(workspace, account, scheduled_for=NOW + timedelta(minutes=number))
    today = next(day for day in read(workspace, viewer, each=3) if day.is_today)
    clock = NOW.replace(tzinfo=None) + timedelta(hours=1)  # in Berlin
    assert [(card.at - clock) / timedelta(minutes=1) for card in today.shown] == shown
    assert today.hidden == len(minutes) - 3


def test_whole_day_is_read_beside_what_fits(workspace, account, viewer):
    for hour in range(5):
        a_post(workspace, account, scheduled_for=NOW + timedelta(hours=hour))
    days = read(workspace, viewer, each=3, whole=NOW.date())
    day = next(day for day in days if day.count)
    assert (len(day.cards), len(day.shown), day.hidden) == (5, 3, 2)


@pytest.mark.parametrize("posts", [1, 3])
def test_read_takes_four_queries(workspace, account, viewer, posts, django_assert_num_queries):
    for _number in range(posts):
        a_post(workspace, account, an_account(workspace))
    with django_assert_num_queries(4):
        found(workspace, viewer)


def test_days_know_today_past_and_other_months(workspace, viewer):
    days = {day.date.isoformat(): day for day in read(workspace, viewer)}
    assert [day for day, found in days.items() if found.is_today] == ["2026-11-23"]
    assert (days["2026-11-22"].is_past, days["2026-11-23"].is_past) == (True, False)
    assert (days["2026-10-31"].is_out, days["2026-11-01"].is_out, days["2026-12-01"].is_out) == (True, False, True)
    assert (days["2026-11-20"].is_weekend, days["2026-11-21"].is_weekend) == (False, True)


def test_today_is_the_viewers(workspace, viewer):
    viewer.timezone = "America/Los_Angeles"
    days = read(workspace, viewer, now=NOW.replace(hour=7))
    assert [day.date.isoformat() for day in days if day.is_today] == ["2026-11-22"]


def test_filter_by_account_keeps_posts_that_go_there(workspace, account, viewer):
    other = an_account(workspace)
    a_post(workspace, account, other)
    a_post(workspace, other, scheduled_for=NOW + timedelta(hours=2))
    chosen = Chosen(accounts=frozenset({account.public_id}))
    assert found(workspace, viewer, chosen=chosen) == {"2026-11-23": ["10:00"]}


def test_filter_by_no_account_shows_nothing(workspace, account, viewer):
    a_post(workspace, account)
    assert found(workspace, viewer, chosen=Chosen(accounts=frozenset())) == {}


def test_filter_by_account_and_status_asks_both_of_one_delivery(workspace, account, viewer):
    other = an_account(workspace)
    post = a_post(workspace, account, status=Status.PUBLISHED)
    a_delivery(post, other, status=Status.FAILED)
    failed = frozenset({Status.FAILED.value})
    assert found(workspace, viewer, chosen=Chosen(frozenset({account.public_id}), failed)) == {}
    assert found(workspace, viewer, chosen=Chosen(frozenset({other.public_id}), failed)) == {"2026-11-23": ["10:00"]}


def test_filter_by_draft_finds_posts_without_an_account(workspace, account, viewer):
    a_post(workspace)
    a_post(workspace, account, scheduled_for=NOW + timedelta(hours=2))
    chosen = Chosen(statuses=frozenset({Status.DRAFT.value}))
    assert found(workspace, viewer, chosen=chosen) == {"2026-11-23": ["10:00"]}


def a_card(workspace, viewer):
    days = read(workspace, viewer)
    return next(card for day in days for card in day.cards)


def test_card_shows_the_posts_own_clock_where_it_differs(workspace, account, viewer):
    a_post(workspace, account, local_time=datetime.fromisoformat("2026-11-23T18:00"), timezone="Asia/Tokyo")
    assert (a_card(workspace, viewer).clock, a_card(workspace, viewer).own_clock) == ("10:00", "18:00 Tokyo")


def test_card_is_silent_about_a_clock_that_is_the_viewers(workspace, account, viewer):
    a_post(workspace, account, local_time=datetime.fromisoformat("2026-11-23T10:00"), timezone="Europe/Paris")
    assert a_card(workspace, viewer).own_clock == ""


def test_card_shows_the_viewers_kind_of_clock(workspace, account, viewer):
    viewer.clock = "12"
    a_post(workspace, account, scheduled_for=NOW + timedelta(hours=6))
    assert a_card(workspace, viewer).clock == "3:00 pm"


def test_card_sums_its_deliveries_up(workspace, account, viewer):
    post = a_post(workspace, account, an_account(workspace), status=Status.PUBLISHED)
    a_delivery(post, an_account(workspace))
    card = a_card(workspace, viewer)
    assert (card.summary.words, card.is_movable) == ("2 of 3 published, 1 scheduled", False)


def test_card_tells_a_hold(workspace, account, viewer):
    post = a_post(workspace, account)
    post.deliveries.update(hold_reason=Hold.PAUSED)
    assert a_card(workspace, viewer).is_held is True


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-22", None),
        ("2026-11-23", "2026-11-23T11:00:00"),
        ("2026-11-24", "2026-11-24T09:00:00"),
    ],
)
def test_suggested_time_is_in_the_morning_or_at_the_next_full_hour(day, expected):
    found = calendars.suggested(date.fromisoformat(day), datetime.fromisoformat("2026-11-23T10:20"))
    assert (found and found.isoformat()) == expected


def test_suggested_time_stays_on_its_day():
    found = calendars.suggested(date(2026, 11, 23), datetime.fromisoformat("2026-11-23T23:10"))
    assert found == datetime.fromisoformat("2026-11-23T23:59")
