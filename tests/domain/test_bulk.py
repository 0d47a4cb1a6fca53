from datetime import datetime, timedelta

import pytest

from scheduler_ui.domain import bulk
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.bulk import Shift
from scheduler_ui.domain.posts import When
from scheduler_ui.models import Delivery, Event, Post, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def actor():
    return a_user()


@pytest.fixture
def workspace(actor):
    return a_workspace(actor)


@pytest.fixture
def account(workspace):
    return an_account(workspace)


def rows():
    return list(Delivery.objects.select_related("post", "account").order_by("pk"))


def apply(action, actor, **options):
    return bulk.apply(action, options.pop("rows", rows()), actor=actor, now=NOW, **options)


def test_cancel_counts_what_had_started(workspace, account, actor):
    for status in (Status.SCHEDULED, Status.RETRYING, Status.PUBLISHING):
        a_post(workspace, account, status=status)
    told = apply(Action.CANCEL, actor)
    assert told.sentence == "2 canceled, 1 had already started."
    assert [row.status for row in rows()] == [Status.CANCELED, Status.CANCELED, Status.PUBLISHING]


def test_row_that_has_changed_since_it_was_read_is_refused(workspace, account, actor):
    a_post(workspace, account)
    read = rows()
    Delivery.objects.update(version=9)
    assert apply(Action.CANCEL, actor, rows=read).sentence == "1 had already started."


def test_retry_arms_what_has_ended_and_refuses_the_rest(workspace, account, actor):
    a_post(workspace, account, status=Status.FAILED)
    a_post(workspace, account, status=Status.PUBLISHED)
    told = apply(Action.RETRY, actor)
    assert told.sentence == "1 is tried again, 1 not: Only a post that has ended can be tried again."
    assert [row.status for row in rows()] == [Status.SCHEDULED, Status.PUBLISHED]


def test_drop_ends_what_asks(workspace, account, actor):
    a_post(workspace, account, status=Status.MISSED)
    a_post(workspace, account, status=Status.FAILED)
    assert apply(Action.DROP, actor).sentence == "2 dropped."


def test_delete_takes_the_post_of_every_chosen_row_once(workspace, account, actor):
    a_post(workspace, account, an_account(workspace))
    a_post(workspace, account, status=Status.PUBLISHING)
    assert apply(Action.DELETE, actor).sentence == "2 moved to the trash, 1 had already started."
    assert Event.objects.filter(kind="deleted").count() == 1


def test_shift_by_days_keeps_the_wall_clock_across_a_change_of_clocks(workspace, account, actor):
    local = datetime.fromisoformat("2027-03-27T09:00")
    at = When(local, "Europe/Berlin").instant
    a_post(workspace, account, scheduled_for=at, local_time=local, timezone="Europe/Berlin")
    apply(Action.RESCHEDULE, actor, shift=Shift(days=1))
    assert Post.objects.get().local_time == datetime.fromisoformat("2027-03-28T09:00")
    assert rows()[0].scheduled_for == at + 23 * HOUR


def test_shift_by_minutes_moves_the_instant(workspace, account, actor):
    a_post(workspace, account, scheduled_for=NOW + HOUR)
    apply(Action.RESCHEDULE, actor, shift=Shift(minutes=90))
    assert rows()[0].scheduled_for == NOW + 2.5 * HOUR


def test_shift_to_a_time_moves_a_post_whole(workspace, account, actor):
    a_post(workspace, account, an_account(workspace))
    when = When(datetime.fromisoformat("2026-12-01T09:00"), "Europe/Berlin")
    assert apply(Action.RESCHEDULE, actor, shift=Shift(to=when.instant)).sentence == "2 have a new time."
    assert {row.scheduled_for for row in rows()} == {when.instant} == {Post.objects.get().scheduled_for}


def test_part_of_a_post_moves_alone(workspace, account, actor):
    post = a_post(workspace, account, an_account(workspace))
    told = apply(Action.RESCHEDULE, actor, rows=rows()[:1], shift=Shift(minutes=60))
    assert told.sentence == "1 has a new time."
    assert [row.scheduled_for for row in rows()] == [NOW + 2 * HOUR, NOW + HOUR]
    assert Post.objects.get().scheduled_for == post.scheduled_for


def test_shift_into_the_past_is_refused_row_by_row(workspace, account, actor):
    a_post(workspace, account, scheduled_for=NOW + HOUR)
    a_post(workspace, account, scheduled_for=NOW + 5 * HOUR)
    assert apply(Action.RESCHEDULE, actor, shift=Shift(minutes=-120)).sentence == (
        "1 has a new time, 1 would be in the past."
    )


def test_drafts_are_posts_and_move_and_go_as_such(workspace, account, actor):
    a_post(workspace, account, an_account(workspace), status=Status.DRAFT)
    a_post(workspace, scheduled_for=None, text="no time")
    drafts = list(Post.objects.order_by("pk"))
    moved = apply(Action.RESCHEDULE, actor, rows=drafts, shift=Shift(days=1))
    assert moved.sentence == "1 has a new time, 1 not: It has no time yet. Open it and choose one."
    assert [row.status for row in rows()] == [Status.DRAFT, Status.DRAFT]
    assert apply(Action.DELETE, actor, rows=drafts).sentence == "2 moved to the trash."


def test_now_takes_the_only_deliverys_post_along(workspace, account, actor):
    a_post(workspace, account)
    a_delivery(a_post(workspace, an_account(workspace)), account, status=Status.SCHEDULED)
    apply(Action.NOW, actor, rows=[row for row in rows() if row.account == account])
    alone, shared = Post.objects.order_by("pk")
    now = NOW + timedelta(seconds=1)
    assert (alone.scheduled_for, alone.local_time) == (now, now.replace(tzinfo=None))
    assert shared.scheduled_for == NOW + HOUR


def test_nothing_chosen_is_told_too(actor):
    assert apply(Action.CANCEL, actor, rows=[]).sentence == "0 canceled."
