from datetime import timedelta

import pytest

from scheduler_ui.domain import alarms
from scheduler_ui.models import Installation, Notice, Worker
from tests.factories import NOW, a_workspace

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def workspace(db):
    return a_workspace()


def a_worker(beat_at):
    return Worker.objects.create(host="harbor-1", pid=1, threads=16, started_at=beat_at, beat_at=beat_at)


def told():
    return list(Notice.objects.values_list("kind", "title", "body"))


def test_a_beating_worker_is_no_alarm():
    a_worker(NOW)
    assert alarms.look_after_worker(NOW, None) is None
    assert told() == []


def test_the_first_look_at_a_silent_worker_only_notes_the_time():
    a_worker(NOW - MINUTE)
    assert alarms.look_after_worker(NOW, None) == NOW
    assert told() == []


def test_a_minute_without_a_beat_is_told_on_the_workspaces_clock():
    assert alarms.look_after_worker(NOW + MINUTE, NOW) == NOW
    body = "None has given a sign of life since 09:00. Posts wait, and none is lost."
    assert told() == [("worker", "No worker is running", body)]


def test_an_outage_is_told_once_however_many_look():
    assert [alarms.alarm(NOW, NOW), alarms.alarm(NOW + MINUTE, NOW)] == [True, False]
    assert Notice.objects.count() == 1


def test_the_next_outage_is_told_again():
    alarms.alarm(NOW, NOW)
    worker = a_worker(NOW + MINUTE)
    alarms.look_after_worker(NOW + MINUTE, NOW)
    worker.delete()
    later = NOW + 10 * MINUTE
    alarms.look_after_worker(later + MINUTE, later)
    assert Notice.objects.count() == 2
    assert Installation.objects.get().worker_alarm_at == later + MINUTE
