from datetime import timedelta

import pytest

from scheduler_ui.domain import timelines
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.scenes import Machine, Scene
from scheduler_ui.models import Attempt, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
Kind, Outcome = Attempt.Kind, Attempt.Outcome
SCENE = Scene(NOW, Clock("Europe/Berlin"), Machine(True, False, NOW))
SECOND = timedelta(seconds=1)


@pytest.fixture
def delivery():
    workspace = a_workspace(a_user())
    account = an_account(workspace, platform="bluesky")
    return a_delivery(a_post(workspace), account, status=Status.SCHEDULED)


def an_attempt(kind=Kind.SEND, outcome=Outcome.PUBLISHED, **fields):
    """Marked at 09:00:00, sent 30 ms later, ended after 120 ms; `next` in seconds from then."""
    fields = {"number": 1, "sent_at": NOW + 0.03 * SECOND, "ended_at": NOW + 0.12 * SECOND} | fields
    if "next" in fields:
        fields["next_at"] = NOW + fields.pop("next") * SECOND
    return Attempt(kind=kind, outcome=outcome, marked_at=NOW, **fields)


@pytest.mark.parametrize(
    ("attempt", "read", "next_step"),
    [
        (an_attempt(), "Published.", "Nothing. Done."),
        (
            an_attempt(outcome=Outcome.ACCEPTED, next=10),
            "Taken. Its handle is saved, so it cannot be sent twice.",
            "Asked again at 09:00:10.",
        ),
        (
            an_attempt(outcome=Outcome.REJECTED),
            "Refused as it stands: sending the same again cannot help.",
            "Nothing by itself. Change it, then retry.",
        ),
        (
            an_attempt(outcome=Outcome.UNAUTHORIZED),
            "Refused: the account must be connected again.",
            "Nothing by itself. Reconnect the account, then retry.",
        ),
        (an_attempt(outcome=Outcome.UNAVAILABLE, next=300), "Surely not out.", "Tried again at 09:05."),
        (
            an_attempt(outcome=Outcome.UNAVAILABLE),
            "Surely not out.",
            "Nothing by itself: its tries are used up. Retry when you like.",
        ),
        (
            an_attempt(outcome=Outcome.UNAVAILABLE, answer='429 {"retry_after": 5}', next=5),
            "Surely not out: too busy. Waiting is not counted as a try.",
            "Everything for this account moved to 09:00:05.",
        ),
        (
            an_attempt(outcome=Outcome.UNCONFIRMED),
            "It may be out, or not. Sending again could post it twice.",
            "Nothing by itself. You say whether it is there.",
        ),
        (
            an_attempt(outcome=Outcome.UNCONFIRMED, next=10),
            "It may be out, or not. Sending again could post it twice.",
            "Looked for at 09:00:10.",
        ),
        (an_attempt(outcome=Outcome.OPEN, ended_at=None), "No answer yet.", "An answer comes, or is given up."),
        (an_attempt(Kind.LOOKUP), "It is there: it went out after all.", "Nothing. Done."),
        (an_attempt(Kind.LOOKUP, Outcome.ABSENT, next=30), "It is not there.", "Looked for again at 09:00:30."),
        (an_attempt(Kind.LOOKUP, Outcome.ABSENT, next=0), "It is not there.", "Sent again at 09:00."),
        (
            an_attempt(Kind.LOOKUP, Outcome.ABSENT),
            "It is not there.",
            "Nothing by itself. You say whether it is there.",
        ),
        (an_attempt(Kind.FOLLOW, Outcome.ACCEPTED, next=20), "Still being worked on.", "Asked again at 09:00:20."),
        (
            an_attempt(Kind.PREPARE, Outcome.UNAVAILABLE, next=300),
            "Could not be prepared, so nothing went out.",
            "Tried again at 09:05.",
        ),
    ],
)
def test_every_outcome_says_what_it_means_and_what_came_of_it(attempt, read, next_step):
    assert (timelines.read_as(attempt), timelines.next_of(attempt, SCENE)) == (read, next_step)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_no_outcome_is_without_words(kind, outcome):
    attempt = an_attempt(kind, outcome)
    assert timelines.read_as(attempt) and timelines.next_of(attempt, SCENE)


def test_line_tells_the_time_to_the_hundredth_and_the_platforms_own_words(delivery):
    (line,) = timelines.timeline(delivery, [an_attempt(answer='200 {"uri": "at://1"}')], SCENE)
    assert (line.title, line.at, line.took) == ("Attempt 1", "09:00:00.03", "answered in 0.09 s")
    assert (line.who, line.answer, line.tone) == ("Bluesky said", '200 {"uri": "at://1"}', "ok")


def test_line_without_an_answer_says_what_punctual_saw(delivery):
    lost = an_attempt(outcome=Outcome.UNCONFIRMED, error="The connection closed.", ended_at=NOW + 20.03 * SECOND)
    (line,) = timelines.timeline(delivery, [lost], SCENE)
    assert (line.took, line.answer, line.note) == ("gave up after 20 s", "", "The connection closed.")


def test_questions_answered_alike_are_told_once(delivery):
    asked = [an_attempt(Kind.FOLLOW, Outcome.ACCEPTED, number=number, answer="IN_PROGRESS") for number in range(1, 8)]
    attempts = [an_attempt(outcome=Outcome.ACCEPTED), *asked, an_attempt(Kind.FOLLOW, number=8)]
    lines = timelines.timeline(delivery, attempts, SCENE)
    assert [line.title for line in lines] == ["Attempt 1", "Look-up 7", "Look-up 8"]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([Kind.SEND], "1 attempt"),
        ([Kind.SEND, Kind.LOOKUP, Kind.SEND, Kind.FOLLOW], "2 attempts, 2 look-ups"),
        ([Kind.PREPARE, Kind.LOOKUP], "1 attempt, 1 look-up"),
        ([], ""),
    ],
)
def test_summary_counts_attempts_and_look_ups(kinds, expected):
    assert timelines.summary([an_attempt(kind) for kind in kinds]) == expected
