"""The pretend network does what it was told, so often, and keeps a log."""

from datetime import UTC, datetime, timedelta

import pytest

from scheduler_ui.platforms.base import AccountData, Kind
from scheduler_ui.platforms.outcomes import (
    Accepted,
    ConnectError,
    Published,
    Rejected,
    Unauthorized,
    Unavailable,
    Unconfirmed,
)
from scheduler_ui.platforms.rehearsal import BEHAVIOURS, Rehearsal
from tests.platforms import cases
from tests.platforms.cases import AT


class Log:
    """What domain/rehearsals.py keeps as rows, in a list."""

    def __init__(self):
        self.rows = []

    def add(self, account, key, text, behaviour, *, is_accepted):
        remote_id = f"r{len(self.rows)}" if is_accepted else ""
        self.rows.append((key, text, behaviour, remote_id))
        return remote_id

    def find(self, account, key):
        return next((row[3] for row in self.rows if row[0] == key and row[3]), None)

    def recent(self, account, since):
        return [(row[3], row[1], AT) for row in reversed(self.rows) if row[3] and since <= AT]

    def count(self, account, behaviour):
        return sum(row[2] == behaviour for row in self.rows)


class Case(cases.Case):
    platform = Rehearsal
    form = {"name": "Dress rehearsal", "kind": "key"}
    wrong_form = {"kind": "psychic"}

    def __init__(self):
        self.log = Log()
        self.tools = cases.tools(rehearsal=self.log)

    def posts(self):
        return [text for _key, text, _behaviour, remote_id in self.log.rows if remote_id]

    def lose_next_answer(self, platform):
        platform.account.settings.update(behaviour="lost", times=1)


def published(remote_id):
    return Published(remote_id, "https://punctual.example/accounts/acc1/rehearsal/", "201 Created")


def rehearsal(behaviour="accept", kind="key", **settings):
    case = Case()
    account = AccountData("acc1", settings={"kind": kind, "behaviour": behaviour} | settings)
    platform = Rehearsal(account, case.tools)
    platform.deadline = timedelta(seconds=0.05)
    return platform, case


def outcome(platform, key="k1", text="Hi"):
    try:
        return platform.publish({"text": text}, key)
    except (Rejected, Unauthorized, Unavailable, Unconfirmed) as error:
        return type(error)


@pytest.mark.parametrize(
    ("behaviour", "expected", "accepted"),
    [
        ("accept", published("r0"), 1),
        ("refuse", Rejected, 0),
        ("429", Unavailable, 0),
        ("500_before", Unconfirmed, 0),
        ("500_after", Unconfirmed, 1),
        ("lost", Unconfirmed, 1),
        ("unauthorized", Unauthorized, 0),
        ("silence", Unconfirmed, 0),
        ("delay", Unconfirmed, 1),
    ],
)
def test_behaviour_is_what_was_asked_for_and_is_in_the_log(behaviour, expected, accepted):
    platform, case = rehearsal(behaviour, seconds=5)
    assert outcome(platform) == expected
    assert [(row[0], row[2], bool(row[3])) for row in case.log.rows] == [("k1", behaviour, bool(accepted))]


def test_every_behaviour_does_something():
    known = {type(outcome(rehearsal(name, seconds=1)[0], "k")) for name, _label in BEHAVIOURS}
    assert known == {Published, Accepted, type}


def test_delay_shorter_than_the_deadline_is_answered():
    platform, _case = rehearsal("delay", seconds=1)
    platform.deadline = timedelta(seconds=2)
    platform._wait = lambda seconds: None
    assert outcome(platform) == published("r0")


def test_process_is_published_after_its_seconds():
    platform, _case = rehearsal("process", seconds=60)
    accepted = outcome(platform)
    assert (accepted.check_after, accepted.handle["remote_id"]) == (timedelta(seconds=60), "r0")
    assert isinstance(platform.follow(accepted.handle, {}), Accepted)
    past = {"remote_id": "r0", "ready_at": datetime.now(UTC).isoformat()}
    assert platform.follow(past, {}) == published("r0")


def test_429_says_how_long_to_wait():
    with pytest.raises(Unavailable) as slow_down:
        rehearsal("429", seconds=90)[0].publish({"text": "Hi"}, "k")
    assert (slow_down.value.is_rate_limit, slow_down.value.retry_after) == (True, timedelta(seconds=90))


def test_first_arrivals_behave_so_and_then_it_accepts():
    platform, _case = rehearsal("500_before", times=2)
    assert [type(outcome(platform)), type(outcome(platform))] == [type, type]
    assert outcome(platform) == published("r2")


def test_behaviour_set_anew_counts_from_now_on():
    platform, case = rehearsal("lost", times=1)
    outcome(platform, "k1")
    form = {"kind": "blind", "behaviour": "lost", "times": "1", "seconds": ""}
    settings = Rehearsal.configure(form, platform.account, case.tools)
    again = Rehearsal(AccountData("acc1", settings=settings), case.tools)
    assert again.kind == Kind.BLIND
    assert [outcome(again, "k2"), type(outcome(again, "k3"))] == [Unconfirmed, Published]


@pytest.mark.parametrize("wrong", [{"behaviour": "explode"}, {"kind": "psychic"}, {"times": "-1"}, {"seconds": "soon"}])
def test_setting_that_makes_no_sense_is_refused(wrong):
    platform, case = rehearsal()
    with pytest.raises(ConnectError) as refusal:
        Rehearsal.configure({"kind": "key", "behaviour": "accept"} | wrong, platform.account, case.tools)
    assert refusal.value.field == next(iter(wrong))


def test_same_key_twice_is_one_post_and_two_lines_in_the_log():
    platform, case = rehearsal("lost", times=1)
    assert outcome(platform) is Unconfirmed
    assert outcome(platform) == published("r0")
    assert case.log.rows == [("k1", "Hi", "lost", "r0"), ("k1", "Hi", "repeated", "")]


@pytest.mark.parametrize("kind", ["lookup", "blind"])
def test_without_keys_the_same_again_is_a_second_post(kind):
    platform, case = rehearsal(kind=kind)
    outcome(platform), outcome(platform)
    assert case.posts() == ["Hi", "Hi"]


def test_lookup_finds_the_text_that_nobody_else_owns():
    platform, _case = rehearsal(kind="lookup")
    for key, text in (("k1", "Hi"), ("k2", "Hi"), ("k3", "Ho")):
        outcome(platform, key, text)
    found = platform.find({"text": "Hi"}, "k1", AT - timedelta(minutes=1), frozenset({"r1"}))
    assert found == published("r0")
    assert platform.find({"text": "Hi"}, "k1", AT + timedelta(seconds=1)) is None


def test_point_of_a_fault_run_comes_after_the_arrival_and_before_the_answer():
    case = Case()
    seen = []
    tools = cases.tools(rehearsal=case.log)
    object.__setattr__(tools, "sent", lambda: seen.append(len(case.log.rows)))
    Rehearsal(AccountData("acc1"), tools).publish({"text": "Hi"}, "k")
    assert seen == [1]
