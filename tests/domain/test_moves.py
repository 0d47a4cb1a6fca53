from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler_ui.domain import moves, wall_clock
from scheduler_ui.domain.posts import AlreadyStarted, InThePast, Refused, When
from scheduler_ui.models import Post, Status
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def at(text):
    return datetime.fromisoformat(text)


@pytest.fixture
def viewer():
    return a_user(timezone="Europe/Berlin")


@pytest.fixture
def workspace(viewer):
    return a_workspace(viewer)


@pytest.fixture
def account(workspace):
    return an_account(workspace)


def a_post_at(workspace, account, local, zone="Europe/Berlin", **fields):
    instant = wall_clock.to_utc(at(local), zone)
    return a_post(workspace, account, local_time=at(local), timezone=zone, scheduled_for=instant, **fields)


@pytest.mark.parametrize("local", ["2026-11-24T09:07", "2026-11-24T23:59", "2026-11-24T00:00"])
def test_to_day_keeps_the_time_to_the_minute(workspace, account, viewer, local):
    post = a_post_at(workspace, account, local)
    when = moves.to_day(post, date(2026, 11, 27), viewer)
    assert when == When(at(local) + timedelta(days=3), "Europe/Berlin")


def test_to_day_keeps_the_wall_time_over_a_clock_change(workspace, account, viewer):
    post = a_post_at(workspace, account, "2027-03-27T09:00")
    moved = moves.move(post, moves.to_day(post, date(2027, 3, 28), viewer), actor=viewer, now=NOW)
    assert moved.post.local_time == at("2027-03-28T09:00")
    assert moved.post.scheduled_for == datetime(2027, 3, 28, 7, 0, tzinfo=UTC)


def test_to_day_counts_from_the_viewers_day(workspace, account, viewer):
    # 23:30 in New York is half past five the next morning in Berlin.
    post = a_post_at(workspace, account, "2026-11-24T23:30", "America/New_York")
    assert moves.to_day(post, date(2026, 11, 26), viewer) == When(at("2026-11-25T23:30"), "America/New_York")


def test_to_hour_turns_the_viewers_clock_into_the_posts_zone(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00", "Asia/Tokyo")
    when = moves.to_hour(post, at("2026-11-25T10:15"), viewer)
    assert when == When(at("2026-11-25T18:15"), "Asia/Tokyo")


def test_to_hour_finds_the_second_of_an_overlap(workspace, account, viewer):
    post = a_post_at(workspace, account, "2027-10-30T09:00", "America/New_York")
    # 07:30 in Berlin is the second 01:30 of that night in New York.
    when = moves.to_hour(post, at("2027-11-07T07:30"), viewer)
    assert when == When(at("2027-11-07T01:30"), "America/New_York", Post.Fold.LATER)
    assert when.instant == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_by_minutes_moves_the_instant(workspace, account):
    post = a_post_at(workspace, account, "2027-03-28T01:50")
    assert moves.by_minutes(post, 15) == When(at("2027-03-28T03:05"), "Europe/Berlin")


def test_move_changes_what_is_published_too(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00")
    delivery = post.deliveries.get()
    moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    moved = post.deliveries.get()
    expected = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    assert (moved.scheduled_for, moved.due_at, moved.version) == (expected, expected, delivery.version + 1)


def test_move_tells_open_pages(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00")
    moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    version = workspace.version
    workspace.refresh_from_db()
    assert workspace.version == version + 1


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.PROCESSING, Status.PUBLISHED, Status.UNCONFIRMED])
def test_move_is_refused_once_it_has_started(workspace, account, viewer, status):
    post = a_post_at(workspace, account, "2026-11-24T09:00", status=status)
    with pytest.raises(AlreadyStarted):
        moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    post.refresh_from_db()
    assert post.local_time == at("2026-11-24T09:00")


def test_move_is_refused_when_one_of_two_has_started(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00")
    other = a_post_at(workspace, an_account(workspace), "2026-11-24T09:00", status=Status.PUBLISHED)
    other.deliveries.update(post=post)
    with pytest.raises(AlreadyStarted):
        moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    assert set(post.deliveries.values_list("scheduled_for", flat=True)) == {post.scheduled_for}


def test_move_into_the_past_is_refused(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00")
    with pytest.raises(InThePast):
        moves.move(post, moves.by_days(post, -7), actor=viewer, now=NOW)


def test_move_of_a_post_without_a_time_is_refused(workspace, account, viewer):
    post = a_post(workspace, account, scheduled_for=None, status=Status.DRAFT)
    with pytest.raises(Refused):
        moves.to_day(post, date(2026, 11, 27), viewer)


def test_undo_brings_the_old_time_back(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00", "Asia/Tokyo")
    moved = moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    back = moves.undo(moved.post, moved.before, moved.after, actor=viewer, now=NOW)
    assert moves.when_of(back.post) == When(at("2026-11-24T09:00"), "Asia/Tokyo")
    assert post.deliveries.get().due_at == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_undo_is_refused_when_it_has_moved_again(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-24T09:00")
    moved = moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    again = moves.move(moved.post, moves.by_days(moved.post, 1), actor=viewer, now=NOW)
    with pytest.raises(AlreadyStarted):
        moves.undo(again.post, moved.before, moved.after, actor=viewer, now=NOW)


def test_undo_is_not_offered_into_the_past(workspace, account, viewer):
    post = a_post_at(workspace, account, "2026-11-23T08:00", status=Status.FAILED)
    moved = moves.move(post, moves.by_days(post, 1), actor=viewer, now=NOW)
    assert moved.can_undo(NOW) is False
    assert moved.can_undo(NOW - timedelta(days=1)) is True
