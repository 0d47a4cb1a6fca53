from datetime import timedelta

import pytest
from django.core import mail

from scheduler_ui import watch
from scheduler_ui.models import Membership, Worker
from tests.factories import NOW, a_user, a_workspace

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def someone(db, settings):
    settings.MAIL_IS_SET = True
    a_workspace(a_user(email="mara@example.org"))
    Membership.objects.update(joined_at=NOW - MINUTE)


def look_for(minutes, every=timedelta(seconds=15)):
    """What a watcher does in that time."""
    gone_since, now = None, NOW
    while now <= NOW + minutes * MINUTE:
        gone_since = watch.look(now, gone_since)
        now += every


def test_without_a_worker_the_web_process_mails_once():
    look_for(5)
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["mara@example.org"], "No worker is running")
    ]


def test_a_look_that_breaks_is_told_and_not_the_last(settings, caplog):
    settings.PUNCTUAL = {}
    assert watch.look_again(NOW + 5 * MINUTE, NOW) == NOW
    assert "the worker could not be looked after: KeyError in alarms.py" in caplog.text


def test_a_worker_that_beats_is_left_in_peace():
    Worker.objects.create(host="h", pid=1, threads=16, started_at=NOW, beat_at=NOW + 5 * MINUTE)
    look_for(5)
    assert mail.outbox == []
