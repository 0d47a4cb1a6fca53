from datetime import timedelta

import pytest

from scheduler_ui.domain import boards
from scheduler_ui.models import Hold, Installation, Status, Worker
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person)


def a_worker(beat_at):
    return Worker.objects.create(host="harbor", pid=1, threads=16, started_at=beat_at, beat_at=beat_at)


def state(person, workspace, now=NOW):
    return boards.look(person.pk, workspace.public_id, now).state


def test_look_is_one_query(person, workspace, django_assert_num_queries):
    with django_assert_num_queries(1):
        boards.look(person.pk, workspace.public_id, NOW)


def test_look_carries_the_hash_that_sessions_must_have(person, workspace):
    assert boards.look(person.pk, workspace.public_id, NOW).session_hash == person.get_session_auth_hash()


def test_look_shows_a_stranger_nothing(workspace):
    assert boards.look(a_user().pk, workspace.public_id, NOW) is None


def test_look_shows_a_blocked_member_nothing(person, workspace):
    person.is_active = False
    person.save()
    assert boards.look(person.pk, workspace.public_id, NOW) is None


def test_look_reads_the_workspace_that_is_asked_for(person, workspace):
    other = a_workspace(person)
    before = state(person, workspace), state(person, other)
    boards.touch(other.pk)
    after = state(person, workspace), state(person, other)
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_touch_changes_the_state(person, workspace):
    before = state(person, workspace)
    boards.touch(workspace.pk)
    assert state(person, workspace) != before


def test_state_stays_while_nothing_changes(person, workspace):
    a_worker(NOW)
    assert state(person, workspace, NOW + MINUTE / 20) == state(person, workspace)


def test_state_tells_a_worker_that_stops_beating(person, workspace):
    a_worker(NOW)
    assert state(person, workspace, NOW + timedelta(seconds=11)) != state(person, workspace)


def test_state_tells_the_switch(person, workspace):
    before = state(person, workspace)
    Installation.objects.create(pk=1, scheduling_enabled=False)
    assert state(person, workspace) != before


@pytest.mark.parametrize("trouble", ["is_clock_off", "is_queue_away"])
def test_state_tells_what_troubles_a_living_worker(person, workspace, trouble):
    a_worker(NOW)
    calm = state(person, workspace)
    Worker.objects.update(**{trouble: True})
    assert state(person, workspace) != calm
    # A worker that is gone troubles nobody: only that none beats is told.
    later = NOW + timedelta(seconds=11)
    troubled = state(person, workspace, later)
    Worker.objects.update(**{trouble: False})
    assert state(person, workspace, later) == troubled


def test_state_tells_one_trouble_from_another(person, workspace):
    a_worker(NOW)
    Worker.objects.update(is_clock_off=True)
    before = state(person, workspace)
    Worker.objects.update(is_clock_off=False, is_queue_away=True)
    assert state(person, workspace) != before


def test_state_tells_that_the_database_was_restored(person, workspace):
    Installation.objects.create(pk=1)
    before = state(person, workspace)
    Installation.objects.update(restored_from=NOW)
    assert state(person, workspace) != before


def test_state_tells_a_new_day_of_the_person(person, workspace):
    midnight = NOW.replace(hour=23)  # in Berlin
    assert state(person, workspace, midnight) != state(person, workspace, midnight - MINUTE)


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [(-MINUTE, 2), (2 * MINUTE, 2), (3 * MINUTE, 10), (60 * MINUTE, 10), (61 * MINUTE, 30)],
)
def test_pace_follows_what_is_due_next(person, workspace, ahead, seconds):
    account = an_account(workspace)
    a_post(workspace, account, scheduled_for=NOW + ahead)
    a_post(workspace, account, scheduled_for=NOW + timedelta(days=1))
    assert boards.look(person.pk, workspace.public_id, NOW).seconds == seconds


def test_pace_is_slow_when_nothing_is_due(person, workspace):
    a_post(workspace, an_account(workspace), scheduled_for=NOW - MINUTE, status=Status.PUBLISHED)
    assert boards.look(person.pk, workspace.public_id, NOW).seconds == 30


def test_pace_leaves_out_what_is_held(person, workspace):
    post = a_post(workspace, an_account(workspace), scheduled_for=NOW)
    post.deliveries.update(hold_reason=Hold.PAUSED)
    assert boards.look(person.pk, workspace.public_id, NOW).seconds == 30


def test_pace_change_is_a_change(person, workspace):
    a_post(workspace, an_account(workspace), scheduled_for=NOW + 3 * MINUTE)
    assert state(person, workspace, NOW + MINUTE) != state(person, workspace)
