from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler_ui.domain import wall_clock, zones
from scheduler_ui.models import Event, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
LISBON = "Europe/Lisbon"


def at(hour: int, day: int = 24) -> datetime:
    """A wall clock in Berlin, as an instant."""
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


@pytest.fixture
def person():
    return a_user(timezone="Europe/Berlin")


@pytest.fixture
def workspace(person):
    return a_workspace(person)


def nine_o_clock(workspace, person, **fields):
    fields = {"local_time": datetime(2026, 11, 24, 9), "timezone": "Europe/Berlin", "scheduled_for": at(9)} | fields  # noqa: DTZ001
    return a_post(workspace, an_account(workspace), author=person, **fields)


def test_choices_offer_names_in_use_with_their_offset():
    offered = {zone.name: zone for zone in zones.choices(NOW)}
    assert (offered["Asia/Kathmandu"].offset, offered["Asia/Kathmandu"].minutes) == ("UTC+5:45", 345)
    assert "US/Pacific" not in offered


def test_choices_include_what_a_person_has():
    assert "US/Pacific" in [zone.name for zone in zones.choices(NOW, "US/Pacific")]


def test_preview_counts_own_future_unstarted_posts_in_the_old_zone(person, workspace):
    nine_o_clock(workspace, person)
    nine_o_clock(workspace, person, status=Status.DRAFT)
    nine_o_clock(workspace, a_user())
    nine_o_clock(workspace, person, timezone="Asia/Tokyo")
    nine_o_clock(workspace, person, deleted_at=NOW)
    nine_o_clock(workspace, person, scheduled_for=NOW - timedelta(hours=1))
    nine_o_clock(workspace, person, status=Status.PUBLISHED)
    nine_o_clock(workspace, person, status=Status.RETRYING)
    change = zones.preview(person, LISBON, NOW)
    assert (change.posts, change.late, change.ahead) == (2, 0, timedelta(hours=-1))


def test_preview_costs_one_query(person, workspace, django_assert_num_queries):
    for _number in range(3):
        nine_o_clock(workspace, person)
    with django_assert_num_queries(1):
        zones.preview(person, LISBON, NOW)


def test_change_keeping_the_clock_moves_the_instant(person, workspace):
    post = nine_o_clock(workspace, person)
    before = post.deliveries.get()
    assert zones.change(person, LISBON, zones.KEEP_CLOCK, NOW) == 1
    post.refresh_from_db()
    delivery = post.deliveries.get()
    assert (post.timezone, post.local_time.hour, post.scheduled_for) == (LISBON, 9, at(10))
    assert (delivery.scheduled_for, delivery.due_at, delivery.version) == (at(10), at(10), before.version + 1)
    assert (str(person.timezone), post.tzdata_version) == (LISBON, wall_clock.tzdata_version())


def test_change_keeping_the_instant_rewrites_the_clock(person, workspace):
    post = nine_o_clock(workspace, person)
    before = post.deliveries.get()
    assert zones.change(person, LISBON, zones.KEEP_INSTANT, NOW) == 0
    post.refresh_from_db()
    delivery = post.deliveries.get()
    assert (post.timezone, post.local_time.hour, post.scheduled_for) == (LISBON, 8, at(9))
    assert (delivery.due_at, delivery.version) == (at(9), before.version)


def test_change_keeps_the_instant_of_what_would_lie_in_the_past(person, workspace):
    post = nine_o_clock(workspace, person, local_time=datetime(2026, 11, 23, 10), scheduled_for=at(10, day=23))  # noqa: DTZ001
    assert zones.preview(person, "Asia/Tokyo", NOW).late == 1
    assert zones.change(person, "Asia/Tokyo", zones.KEEP_CLOCK, NOW) == 0
    post.refresh_from_db()
    assert (post.scheduled_for, post.local_time.hour) == (at(10, day=23), 18)


def test_change_leaves_a_canceled_delivery_canceled(person, workspace):
    post = nine_o_clock(workspace, person, status=Status.CANCELED)
    zones.change(person, LISBON, zones.KEEP_CLOCK, NOW)
    delivery = post.deliveries.get()
    assert (delivery.status, delivery.scheduled_for, delivery.due_at) == (Status.CANCELED, at(10), None)


def test_change_leaves_a_draft_unarmed(person, workspace):
    post = nine_o_clock(workspace, person, status=Status.DRAFT)
    zones.change(person, LISBON, zones.KEEP_CLOCK, NOW)
    delivery = post.deliveries.get()
    assert (delivery.status, delivery.scheduled_for, delivery.due_at) == (Status.DRAFT, at(10), None)


def test_change_is_remembered_for_what_moved(person, workspace):
    post = nine_o_clock(workspace, person)
    zones.change(person, LISBON, zones.KEEP_CLOCK, NOW)
    event = Event.objects.get(post=post)
    assert (event.kind, event.data) == ("moved", {"was": at(9).isoformat(), "to": at(10).isoformat()})


def test_change_leaves_other_peoples_posts(person, workspace):
    theirs = nine_o_clock(workspace, a_user())
    zones.change(person, LISBON, zones.KEEP_CLOCK, NOW)
    theirs.refresh_from_db()
    assert (theirs.timezone, theirs.scheduled_for) == ("Europe/Berlin", at(9))


def test_change_leaves_a_delivery_the_time_it_was_given_alone(person, workspace):
    post = nine_o_clock(workspace, person)
    alone = a_delivery(post, an_account(workspace), scheduled_for=at(15))
    zones.change(person, LISBON, zones.KEEP_CLOCK, NOW)
    kept = post.deliveries.get(pk=alone.pk)
    assert (kept.scheduled_for, kept.due_at, kept.version) == (at(15), at(15), alone.version)
    assert post.deliveries.exclude(pk=alone.pk).get().due_at == at(10)
