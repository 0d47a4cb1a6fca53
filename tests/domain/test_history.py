from datetime import timedelta

import pytest

from scheduler_ui.domain import history, telling
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.scenes import Machine, Scene
from scheduler_ui.models import Attempt, Event, Post
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
SCENE = Scene(NOW, Clock("Europe/Berlin"), Machine(True, False, NOW))


def told(kind, *, actor="Ana", **data):
    return history.sentence(Event(kind=kind, actor=a_user(name=actor) if actor else None, data=data), SCENE.clock)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("scheduled", {}, "Ana scheduled it"),
        ("canceled", {"account": "@harbor"}, "Ana canceled it for @harbor"),
        ("now", {"account": "@harbor"}, "Ana published it now to @harbor"),
        ("moved", {"account": "@harbor"}, "Ana gave it a new time"),
        ("moved", {"was": "", "to": "2026-11-23T08:00:00+00:00"}, "Ana gave it a new time"),
        (
            "moved",
            {"was": "2026-11-23T09:00:00+00:00", "to": "2026-11-23T08:00:00+00:00"},
            "Ana moved it from 10:00 to 09:00",
        ),
        (
            "moved",
            {"was": "2026-11-23T23:00:00+00:00", "to": "2026-11-25T08:00:00+00:00"},
            "Ana moved it from 24 Nov 00:00 to 25 Nov 09:00",
        ),
        ("deleted", {}, "Ana put it in the trash"),
        ("invented", {}, "Ana: invented"),
    ],
)
def test_sentence_says_who_did_what(kind, data, expected):
    assert told(kind, **data) == expected


def test_sentence_without_a_person_says_punctual():
    assert told("canceled", actor=None, account="@harbor") == "Punctual canceled it for @harbor"


def test_entries_are_the_latest_first_with_what_went_out_among_them():
    workspace = a_workspace(a_user())
    delivery = a_delivery(a_post(workspace), an_account(workspace, name="Harbor"), status="published")
    post = Post.objects.get()
    Event.objects.create(post=post, kind="scheduled", at=NOW - timedelta(days=1), actor=a_user(name="Jonas"))
    sent = Attempt(delivery=delivery, kind="send", outcome="published", marked_at=NOW, worker="harbor-1")
    failed = Attempt(delivery=delivery, kind="send", outcome="unavailable", marked_at=NOW)
    entries = history.entries(post.events.select_related("actor"), [failed, sent], SCENE)
    assert [(entry.time, entry.sentence) for entry in entries] == [
        ("09:00", "Sent to Harbor by worker harbor-1"),
        ("22 Nov", "Jonas scheduled it"),
    ]


@pytest.mark.parametrize(("kind", "kept"), [("missed", ["missed"]), ("asked", ["asked"]), ("failed", [])])
def test_what_was_missed_or_asked_stays_in_the_history_once(kind, kept):
    delivery = a_delivery(a_post(workspace := a_workspace(a_user())), an_account(workspace, name="Harbor"))
    for _told_twice in range(2):
        telling.tell(kind, delivery, NOW)
    assert [(event.kind, event.data["delivery"]) for event in Event.objects.all()] == [
        (name, delivery.public_id) for name in kept
    ]


def test_sentences_of_what_went_wrong_name_the_account():
    assert told("missed", actor=None, account="Harbor") == "It missed its time on Harbor"
    assert told("asked", actor=None, account="Harbor") == (
        "Punctual could not find out whether it is on Harbor, and asked"
    )
