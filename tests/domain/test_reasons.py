from datetime import timedelta

import pytest

from scheduler_ui.domain import reasons
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.reasons import explain
from scheduler_ui.domain.scenes import Actor, Machine, Scene, machine, scene
from scheduler_ui.models import Account, Hold, Installation, Status, Worker
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def told(now=NOW, *, is_on=True, is_fixed=False, beat_at=NOW):
    """A scene in Berlin, where it is 09:00, with a worker that has just beaten."""
    return Scene(now, Clock("Europe/Berlin"), Machine(is_on, is_fixed, beat_at))


def of(status, *, account=None, at=NOW + timedelta(hours=2), **fields):
    workspace = a_workspace(a_user())
    account = an_account(workspace, **{"platform": "bluesky"} | (account or {}))
    return a_delivery(a_post(workspace, scheduled_for=at), account, status=status, **fields)


@pytest.mark.parametrize(
    ("status", "fields", "actor", "sentence"),
    [
        (
            Status.DRAFT,
            {},
            Actor.NOBODY,
            "Not scheduled. It has a time, and goes nowhere until you schedule it.",
        ),
        (
            Status.DRAFT,
            {"at": None},
            Actor.NOBODY,
            "Not scheduled. It goes nowhere until you give it a time.",
        ),
        (Status.SCHEDULED, {}, Actor.PUNCTUAL, "Goes out today at 11:00."),
        (
            Status.SCHEDULED,
            {"at": NOW + timedelta(days=1, hours=3, minutes=30)},
            Actor.PUNCTUAL,
            "Goes out tomorrow, Tuesday 24 November, at 12:30.",
        ),
        (Status.PUBLISHING, {}, Actor.PUNCTUAL, "Going out now; it can no longer be changed."),
        (
            Status.PROCESSING,
            {},
            Actor.PUNCTUAL,
            "Bluesky has it and is still working on it; not public yet.",
        ),
        (
            Status.PUBLISHED,
            {"sent_at": NOW + timedelta(hours=2, milliseconds=40)},
            Actor.DONE,
            "It is out, 0.04 s after its time.",
        ),
        (
            Status.PUBLISHED,
            {"sent_at": NOW + timedelta(hours=2, minutes=12)},
            Actor.DONE,
            "It is out, late by 12 min.",
        ),
        (Status.PUBLISHED, {}, Actor.DONE, "It is out."),
        (
            Status.RETRYING,
            {"tries": 1, "due_at": NOW + 50 * MINUTE},
            Actor.AGAIN,
            "Nothing went out yet; the next try, 2 of 4, is at 09:50.",
        ),
        (Status.RETRYING, {"due_at": NOW}, Actor.AGAIN, "Nothing went out yet; the next try is now."),
        (
            Status.UNCONFIRMED,
            {},
            Actor.YOU,
            "It may be out: the answer of Bluesky was lost. Look, then say which.",
        ),
        (
            Status.UNCONFIRMED,
            {"due_at": NOW + MINUTE},
            Actor.PUNCTUAL,
            "It may be out: the answer of Bluesky was lost. Punctual is finding out.",
        ),
        (Status.FAILED, {"error": "The text is too long."}, Actor.ENDED, "The text is too long."),
        (Status.FAILED, {}, Actor.ENDED, "Bluesky refused it."),
        (
            Status.MISSED,
            {"at": NOW - timedelta(hours=3)},
            Actor.YOU,
            "Not sent: no worker sent it at 06:00, and it is over 1 h late. Send it now?",
        ),
        (
            Status.CANCELED,
            {},
            Actor.NOBODY,
            "Canceled; it is kept here and will not be sent.",
        ),
    ],
)
def test_every_status_has_one_sentence_and_one_actor(status, fields, actor, sentence):
    reason = explain(of(status, **fields), told())
    assert (reason.sentence, reason.actor) == (sentence, actor)


@pytest.mark.parametrize(
    ("hold", "actor", "sentence"),
    [
        (Hold.PAUSED, Actor.YOU, "The account is paused. The post keeps its time, and waits."),
        (Hold.RECONNECT, Actor.YOU, "Bluesky must be connected again before the next try."),
        (Hold.BRAKE, Actor.YOU, "More than 100 posts within an hour to this account: held until you have looked."),
        (Hold.DELETED, Actor.NOBODY, "It is in the trash, and will not be sent."),
    ],
)
def test_hold_is_said_before_the_status(hold, actor, sentence):
    reason = explain(of(Status.SCHEDULED, hold_reason=hold), told())
    assert (reason.sentence, reason.actor, reason.why) == (sentence, actor, (sentence,))


def test_hold_of_a_lost_answer_says_that_it_may_be_out():
    reason = explain(of(Status.UNCONFIRMED, hold_reason=Hold.RECONNECT), told())
    assert reason.sentence == "It may be out, and Bluesky must be connected again before Punctual can look."


def test_draft_without_account_says_what_it_lacks():
    workspace = a_workspace(a_user())
    assert reasons.explain_draft(a_post(workspace)).sentence == (
        "Not scheduled. It goes nowhere until you give it an account."
    )
    assert reasons.explain_draft(a_post(workspace, scheduled_for=None)).sentence == (
        "Not scheduled. It goes nowhere until you give it an account and a time."
    )


def test_what_is_not_due_says_how_long_it_has():
    reason = explain(of(Status.SCHEDULED, at=NOW + timedelta(seconds=20)), told())
    assert reason.why == ("It is not due yet: 20 s to go.",)
    assert reason.next == "A worker sends it then, at its second."


def test_rate_limit_is_why_a_delivery_waits():
    until = NOW + timedelta(minutes=42)
    reason = explain(of(Status.RETRYING, due_at=until, account={"waits_until": until}), told())
    assert reason.sentence == "Nothing went out yet: Bluesky asked to slow down. The next try is at 09:42."
    assert reason.why == (
        "Bluesky asked to slow down: all that waits for this account waits, this until 09:42.",
        "It is not due yet: 42 min to go.",
    )


def test_retry_says_what_the_last_try_ran_into():
    reason = explain(of(Status.RETRYING, due_at=NOW + MINUTE, error="No answer from the network."), told())
    assert reason.why == ("No answer from the network.", "It is not due yet: 60 s to go.")


@pytest.mark.parametrize(
    ("is_fixed", "why"),
    [
        (True, "Publishing is switched off by SCHEDULING_ENABLED."),
        (False, "Publishing is switched off in the settings."),
    ],
)
def test_switched_off_says_who_did_it(is_fixed, why):
    reason = explain(of(Status.SCHEDULED), told(is_on=False, is_fixed=is_fixed))
    assert (reason.sentence, reason.why) == ("It waits: publishing is switched off.", (why,))


def test_no_worker_is_said_beside_a_time_to_come_and_instead_of_one_gone_by():
    gone = told(beat_at=NOW - 20 * MINUTE)
    to_come, gone_by = explain(of(Status.SCHEDULED), gone), explain(of(Status.SCHEDULED, at=NOW - MINUTE), gone)
    assert to_come.sentence == "Goes out today at 11:00."
    assert to_come.why[-1] == "No worker has run since 08:40."
    assert (gone_by.sentence, gone_by.actor) == ("It is due, and no worker is running.", Actor.YOU)
    assert gone_by.next == "Start a worker. What is at most 1 h late then goes out; the rest asks you."


def test_no_worker_ever_is_said_too():
    assert explain(of(Status.SCHEDULED), told(beat_at=None)).why[-1] == "No worker is running."


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "It is due; the next free worker takes it."),
        ({"queued_at": NOW}, "It is due, and a worker has been woken for it."),
        (
            {"token": "t", "lease_until": NOW + timedelta(seconds=30)},
            "A worker is preparing it, until 09:00:30 at the latest.",
        ),
    ],
)
def test_what_is_due_says_where_it_is(fields, why):
    assert explain(of(Status.SCHEDULED, at=NOW, **fields), told()).why == (why,)


def test_lapsed_lease_says_that_the_worker_stopped():
    lapsed = {"at": NOW - MINUTE, "lease_until": NOW - timedelta(seconds=30)}
    assert explain(of(Status.PUBLISHING, **lapsed), told()).sentence == (
        "The worker that was sending it has stopped, so it may be out or not."
    )
    assert explain(of(Status.PUBLISHING, **lapsed), told(beat_at=None)).actor == Actor.YOU


def test_failure_of_a_lost_account_says_reconnect():
    lost = {"state": Account.State.RECONNECT}
    reason = explain(of(Status.FAILED, account=lost, error="The sign-in has expired."), told())
    assert reason.next == "Reconnect the account, then retry."


def test_published_has_nothing_to_explain():
    assert explain(of(Status.PUBLISHED), told()).why == ()


def test_account_of_a_platform_that_is_gone_is_still_named():
    assert explain(of(Status.PROCESSING, account={"platform": "gone"}), told()).sentence.startswith("gone has it")


def test_machine_reads_the_newest_beat_and_the_switch(settings, django_assert_num_queries):
    settings.SCHEDULING_ENABLED = None
    for minutes in (5, 1):
        Worker.objects.create(host="h", pid=minutes, threads=1, started_at=NOW, beat_at=NOW - minutes * MINUTE)
    Installation.objects.create(pk=1, scheduling_enabled=False)
    with django_assert_num_queries(2):
        assert machine() == Machine(is_on=False, is_fixed=False, beat_at=NOW - MINUTE)
    settings.SCHEDULING_ENABLED = True
    assert machine().is_on


def test_scene_has_the_viewers_clock():
    viewer = a_user(timezone="America/New_York", clock="12")
    assert scene(viewer, NOW).clock == Clock("America/New_York", "12")
