import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from scheduler_ui import tasks
from scheduler_ui.domain import wall_clock, zone_data
from scheduler_ui.models import Delivery, Notice, Post, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
NINE = datetime.fromisoformat("2027-01-15T09:00")
# Until 2026 Vancouver put its clocks back in winter.
BEFORE, AFTER = datetime(2027, 1, 15, 17, 0, tzinfo=UTC), datetime(2027, 1, 15, 16, 0, tzinfo=UTC)


@pytest.fixture
def workspace():
    return a_workspace(a_user())


def a_stale_post(workspace, before=timedelta(0)):
    """At nine in Vancouver by the rules of before 2026, or so much earlier."""
    when = {"local_time": NINE - before, "scheduled_for": BEFORE - before}
    return a_post(workspace, an_account(workspace), timezone="America/Vancouver", tzdata_version="2025b", **when)


@pytest.fixture
def post(workspace):
    return a_stale_post(workspace)


def test_catch_up_keeps_the_wall_time_and_moves_the_instant(post):
    assert zone_data.catch_up(NOW) == 1
    post.refresh_from_db()
    delivery = post.deliveries.get()
    assert (post.local_time, post.scheduled_for, post.tzdata_version) == (NINE, AFTER, wall_clock.tzdata_version())
    assert (delivery.scheduled_for, delivery.due_at, delivery.status) == (AFTER, AFTER, Status.SCHEDULED)


def test_catch_up_tells_whose_posts_moved(workspace, post):
    zone_data.catch_up(NOW)
    notice = Notice.objects.get()
    assert (notice.workspace, notice.title) == (workspace, "A post keeps its clock time, not its moment")
    assert post.events.get().kind == "moved"


def test_catch_up_by_several_workers_at_once_is_done_and_told_once(workspace, post, monkeypatch):
    """The second one has read what is stale before the first one has begun."""
    a_stale_post(workspace)
    stale, raced = zone_data._stale, []

    def overtaken(now):
        rows = list(stale(now).order_by("pk"))
        if not raced:
            raced.append(True)
            raced.append(zone_data.catch_up(NOW))
        return Post.objects.filter(pk__in=[row.pk for row in rows])

    monkeypatch.setattr(zone_data, "_stale", overtaken)
    assert (zone_data.catch_up(NOW), raced[1]) == (0, 2)
    assert [notice.title for notice in Notice.objects.all()] == ["2 posts keep their clock time, not their moment"]
    assert post.events.count() == 1


def test_catch_up_leaves_the_one_writers_place_free_as_long_as_it_held_it(workspace, post, monkeypatch):
    a_stale_post(workspace)
    monkeypatch.setattr(zone_data, "AT_ONCE", 1)
    seconds, rests = iter([0.0, 0.3, 10.0, 10.5]), []
    monkeypatch.setattr(zone_data, "time", SimpleNamespace(monotonic=lambda: next(seconds), sleep=rests.append))
    assert zone_data.catch_up(NOW) == 2
    assert rests == pytest.approx([0.3, 0.5] if connection.vendor == "sqlite" else [])


def test_catch_up_begins_with_what_is_next(workspace, post, monkeypatch):
    soon = a_stale_post(workspace, before=timedelta(days=30))
    read, read_again = [], zone_data._read_again
    monkeypatch.setattr(zone_data, "_read_again", lambda key, now: read.append(key) or read_again(key, now))
    zone_data.catch_up(NOW)
    assert read == [soon.pk, post.pk]


def test_catch_up_shared_by_two_workers_tells_the_sum(workspace, post):
    zone_data.catch_up(NOW)
    a_stale_post(workspace)
    zone_data.catch_up(NOW)
    assert [notice.title for notice in Notice.objects.all()] == ["2 posts keep their clock time, not their moment"]


def test_catch_up_of_a_thousand_takes_seconds(workspace):
    account = an_account(workspace)
    old = {"scheduled_for": BEFORE, "tzdata_version": "2025b", "local_time": NINE, "timezone": "America/Vancouver"}
    posts = Post.objects.bulk_create(
        Post(workspace=workspace, text=str(number), public_id=f"many{number}", **old) for number in range(1000)
    )
    Delivery.objects.bulk_create(
        Delivery(
            public_id=f"many{number}",
            workspace=workspace,
            post=post,
            account=account,
            status=Status.SCHEDULED,
            scheduled_for=BEFORE,
            due_at=BEFORE,
        )
        for number, post in enumerate(posts)
    )
    began = time.process_time()
    assert zone_data.catch_up(NOW) == 1000
    assert time.process_time() - began < 10
    assert Delivery.objects.filter(due_at=AFTER).count() == 1000


def test_catch_up_with_the_same_data_changes_nothing(post):
    zone_data.catch_up(NOW)
    assert zone_data.catch_up(NOW) == 0
    assert Notice.objects.count() == 1


def test_catch_up_is_silent_where_nothing_moves(workspace):
    local = datetime.fromisoformat("2026-12-01T09:00")
    instant = wall_clock.to_utc(local, "Europe/Berlin")
    old = {"scheduled_for": instant, "tzdata_version": "2025b"}
    post = a_post(workspace, an_account(workspace), local_time=local, timezone="Europe/Berlin", **old)
    version = post.deliveries.get().version
    assert zone_data.catch_up(NOW) == 0
    post.refresh_from_db()
    assert (post.tzdata_version, post.deliveries.get().version) == (wall_clock.tzdata_version(), version)
    assert Notice.objects.count() == 0


def test_catch_up_leaves_what_has_started_alone(post):
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    assert zone_data.catch_up(NOW) == 0
    post.refresh_from_db()
    assert post.scheduled_for == BEFORE


def test_catch_up_leaves_what_is_sent_now_its_own_moment(workspace, post):
    soon, again = NOW + timedelta(seconds=1), NOW + timedelta(seconds=31)
    own = {"scheduled_for": soon, "due_at": again, "status": Status.RETRYING, "tries": 1}
    alone = a_delivery(post, an_account(workspace), **own)
    assert zone_data.catch_up(NOW) == 1
    kept = post.deliveries.get(pk=alone.pk)
    assert (kept.scheduled_for, kept.due_at, kept.status, kept.tries) == (soon, again, Status.RETRYING, 1)


def test_catch_up_never_leaves_a_retry_due_before_its_time(workspace):
    # The old data read the clock an hour too early.
    local = datetime.fromisoformat("2026-12-01T09:00")
    early = wall_clock.to_utc(local, "Europe/Berlin") - timedelta(hours=1)
    old = {"scheduled_for": early, "tzdata_version": "2025b", "status": Status.RETRYING}
    post = a_post(workspace, an_account(workspace), local_time=local, timezone="Europe/Berlin", **old)
    zone_data.catch_up(NOW)
    delivery = post.deliveries.get()
    assert (delivery.scheduled_for, delivery.due_at) == (early + timedelta(hours=1), early + timedelta(hours=1))


def test_worker_that_starts_catches_up(post):
    tasks.SLOW._startup["catch_up_at_start"].__wrapped__()  # without closing this test's connection
    post.refresh_from_db()
    assert post.scheduled_for == AFTER
