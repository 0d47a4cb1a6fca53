"""A month in figures: what counts, on whose clock, and that it costs the same however much there is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler_ui.domain import months, record, telling
from scheduler_ui.domain.months import Month
from scheduler_ui.domain.record import Spread
from scheduler_ui.models import Attempt, Delivery, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
NOVEMBER = Month(date(2026, 11, 1), "Europe/Berlin")


@pytest.fixture
def workspace():
    return a_workspace(a_user())


@pytest.fixture
def out(workspace):
    """A delivery that went out so many milliseconds after its time (None: nobody knows)."""
    account = an_account(workspace)

    def write(late_ms, at=NOW - timedelta(days=3), status=Status.PUBLISHED, **fields):
        post = a_post(workspace, scheduled_for=at)
        return a_delivery(post, account, status=status, late_ms=late_ms, **fields)

    return write


def a_send(delivery, number, **fields):
    return Attempt.objects.create(delivery=delivery, number=number, **{"marked_at": delivery.scheduled_for} | fields)


def test_quantiles_are_the_lateness_that_such_a_share_did_not_exceed():
    spread = Spread([(10, 90), (50, 5), (2000, 5)], 2004)
    assert [spread.quantile(share) for share in (0.5, 0.95, 0.96, 1)] == [10, 50, 2000, 2000]
    assert (spread.total, spread.late, spread.early) == (100, 5, 0)


def test_quantile_of_nothing_and_of_one():
    assert (Spread().quantile(0.5), Spread([(40, 1)], 40).quantile(0.95)) == (0, 40)


def test_month_begins_and_ends_with_the_days_of_its_zone():
    bounds = Month(date(2026, 10, 1), "Europe/Berlin").bounds
    assert (bounds[0], bounds[-1]) == (datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert len(bounds) == 32
    # The clocks went back on the 25th: that day has 25 hours.
    assert bounds[25] - bounds[24] == timedelta(hours=25)


def test_posts_count_on_the_day_and_in_the_month_of_the_reader(workspace, out):
    out(20, at=datetime(2026, 10, 31, 22, 59, tzinfo=UTC))
    out(30, at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC))
    out(40, at=datetime(2026, 11, 30, 22, 59, tzinfo=UTC))
    out(50, at=datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
    found = record.read(workspace, NOVEMBER)
    assert [(day.date.day, day.spread.counts) for day in found.days if day.spread.total] == [
        (1, [(30, 1)]),
        (30, [(40, 1)]),
    ]
    assert (found.sent, found.has_earlier) == (2, True)


@pytest.mark.parametrize("day", [2, 8, 16, 23])
def test_midnight_belongs_to_the_day_that_begins(workspace, out, day):
    delivery = out(20, at=datetime(2026, 11, day - 1, 23, tzinfo=UTC))
    telling.remember("missed", [delivery], delivery.scheduled_for)
    found = record.read(workspace, NOVEMBER)
    assert [(entry.date.day, entry.missed) for entry in found.days if entry.spread.total] == [(day, 1)]


def test_figures_of_a_month(workspace, out):
    for late_ms in (-1, 5, 1000, 1001, 7_203_456):
        out(late_ms)
    out(None)
    out(12, status=Status.PROCESSING)
    out(None, status=Status.FAILED)
    out(None, status=Status.SCHEDULED)
    found = record.read(workspace, NOVEMBER)
    assert (found.sent, found.unmeasured, found.failed) == (7, 1, 1)
    assert (found.in_time, found.spread.late, found.spread.early, found.spread.most) == (4, 2, 1, 7_203_456)


def test_lateness_is_told_apart_in_steps_that_grow(workspace, out):
    for late_ms in (999, 1234, 12_345, 123_456, 3_723_456):
        out(late_ms)
    assert [late for late, _ in record.read(workspace, NOVEMBER).spread.counts] == [
        999,
        1240,
        12_400,
        124_000,
        3_780_000,
    ]


def test_rounding_up_never_makes_anything_later_than_the_latest(workspace, out):
    out(3_723_456)
    assert record.read(workspace, NOVEMBER).spread.quantile(0.5) == 3_723_456


def test_just_over_a_second_is_late_and_a_second_is_not(workspace, out):
    out(1000)
    out(1001)
    found = record.read(workspace, NOVEMBER)
    assert (found.spread.late, len(record.latest_late(workspace, NOVEMBER))) == (1, 1)


def test_what_was_missed_and_asked_stays_counted_after_a_person_has_mended_it(workspace, out):
    delivery = out(40)
    telling.remember("missed", [delivery], NOW)
    telling.remember("asked", [delivery], NOW)
    telling.remember("asked", [delivery], NOW - timedelta(days=40))
    out(None, status=Status.UNCONFIRMED)
    found = record.read(workspace, NOVEMBER)
    assert (found.missed, found.asked, found.unanswered) == (1, 1, 1)
    assert [day.date.day for day in found.days if day.missed] == [23]


def test_sends_beyond_the_first_are_retries(workspace, out):
    first, second = out(40), out(300_000)
    for number in (1, 2, 3):
        a_send(second, number)
    a_send(first, 1)
    Attempt.objects.create(delivery=first, kind="lookup", number=2, marked_at=first.scheduled_for)
    found = record.read(workspace, NOVEMBER)
    assert (found.retried, found.sends, found.twice) == (1, 2, 0)


def test_two_places_of_one_delivery_are_a_duplicate(workspace, out):
    same, twice = out(40), out(40)
    for delivery, places in ((same, ["a", "a", ""]), (twice, ["b", "c"])):
        for number, place in enumerate(places, 1):
            a_send(delivery, number, remote_id=place)
    assert record.read(workspace, NOVEMBER).twice == 1


def test_another_workspace_is_not_counted(workspace, out):
    delivery = out(5000)
    a_send(delivery, 2)
    telling.remember("missed", [delivery], NOW)
    other = a_workspace(a_user())
    found = record.read(other, NOVEMBER)
    assert (found.is_empty, found.missed, found.retried, found.has_earlier) == (True, 0, 0, False)
    assert record.latest_late(other, NOVEMBER) == []


def test_latest_late_are_ten_and_the_latest_come_first(workspace, out):
    for number in range(12):
        out(2000, at=NOW - timedelta(hours=number))
    late = record.latest_late(workspace, NOVEMBER)
    assert [NOW - delivery.scheduled_for for delivery in late] == [timedelta(hours=number) for number in range(10)]


def test_crowd_is_of_the_same_second(workspace, out):
    first = out(2000)
    out(2100)
    out(2000, at=NOW)
    assert record.crowds(workspace, [first]) == {first.scheduled_for: 2}


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_queries_are_as_many_whatever_there_is(workspace, out, rows, django_assert_num_queries):
    for number in range(rows):
        a_send(out(1500 + number), 2)
    with django_assert_num_queries(6):
        record.read(workspace, NOVEMBER)


def test_ten_thousand_posts_come_down_to_few_rows(workspace, out):
    post, account = a_post(workspace, scheduled_for=NOW), an_account(workspace)
    posts = type(post).objects.bulk_create(
        type(post)(workspace=workspace, scheduled_for=NOW - timedelta(minutes=number)) for number in range(10_000)
    )
    Delivery.objects.bulk_create(
        Delivery(
            workspace=workspace,
            post=post,
            account=account,
            status=Status.PUBLISHED,
            scheduled_for=post.scheduled_for,
            late_ms=number % 100,
        )
        for number, post in enumerate(posts)
    )
    found = record.read(workspace, NOVEMBER)
    assert (found.sent, found.spread.quantile(0.5), found.spread.quantile(0.95)) == (10_000, 49, 94)


def test_month_is_found_by_what_it_counts_and_not_by_all_that_the_workspace_has(workspace, out, plan):
    a_send(out(5), 2)
    assert "attempt_again" in plan(record._again(workspace, NOVEMBER.bounds))


@pytest.mark.embedded_only  # the other database knows how many rows there are, and begins with the fewest
def test_slips_of_a_month_are_found_by_their_moment(workspace):
    with CaptureQueriesContext(connection) as asked:
        months.slips(workspace, NOVEMBER.bounds)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        words = " ".join(row[3] for row in cursor.fetchall())
    assert ("event USING INDEX event_slip" in words, "post USING INTEGER PRIMARY KEY" in words) == (True, True), words
