"""Whose time counts, and what a jump of it stops."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler_ui.engine import beats, clock, deliver, leaps, offers, recover, timepiece
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Account, Attempt, Delivery, Notice, Status, Worker
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import Unavailable, Unconfirmed
from tests.factories import NOW, a_post
from tests.rig.hands import Hands

HOURS = timedelta(hours=6)
SECOND = timedelta(seconds=1)


@pytest.fixture
def hands(monkeypatch):
    """A clock that the test sets; it shows NOW."""
    hands = Hands(NOW)
    hands.take_over(monkeypatch)
    return hands


def a_tick():
    """What the worker's tick does, as often as it is called."""
    return leaps.is_settled()


def settle_clock():
    return [a_tick() for _ in range(timepiece.AGREEING_TICKS)]


def post_at(account, moment, **fields):
    return a_post(account.workspace, account, scheduled_for=moment, **fields).deliveries.get()


def offered(now):
    woken = []
    seats.forget()
    offers.offer_due(now, woken.extend)
    return [pk for pk, _ in woken]


# --- The clock itself -------------------------------------------------------------------------------------------------


def test_now_is_the_machines_where_nothing_stands_over_it(hands):
    hands.pass_by(7)
    assert clock.now() == NOW + 7 * SECOND


@pytest.mark.parametrize("off", [-5, 5])
def test_now_is_the_databases_however_wrong_the_machine_is(hands, off):
    hands.set_by(off)
    theirs = hands.wall - off
    clock._clock.measure(lambda: theirs)
    assert clock.now() == NOW
    assert clock.state() == (off * 1000, True)


def test_now_is_never_ahead_of_the_database_for_all_that_asking_takes(hands):
    def ask():
        # On the way there and on the way back, each of an unknown part.
        hands.pass_by(0.002)
        theirs = hands.wall
        hands.pass_by(0.003)
        return theirs

    clock._clock.measure(ask)
    behind = datetime.fromtimestamp(hands.wall, UTC) - clock.now()
    assert timedelta(0) <= behind <= timedelta(milliseconds=3.1)


def test_quick_answer_stands_over_a_slow_one_a_while(hands):
    clock._clock.measure(lambda: hands.wall)
    hands.pass_by(3)

    def slowly():
        theirs = hands.wall
        hands.pass_by(0.05)
        return theirs

    clock._clock.measure(slowly)
    assert datetime.fromtimestamp(hands.wall, UTC) - clock.now() < timedelta(milliseconds=1)


def test_machines_jump_does_not_move_the_databases_time(hands):
    clock._clock.measure(lambda: hands.wall)
    hands.set_by(HOURS.total_seconds())
    assert abs(clock.now() - NOW) < timedelta(milliseconds=1)
    assert (clock.is_steady(), clock.leap()) == (False, None)


def test_databases_own_jump_is_a_leap(hands):
    clock._clock.measure(lambda: hands.wall)
    clock._clock.measure(lambda: hands.wall + 3600)
    assert clock.now() == NOW + timedelta(hours=1)
    assert (clock.is_steady(), clock.is_leapt_over(NOW + 60 * SECOND)) == (False, True)


def test_waking_up_and_being_stopped_are_no_jump(hands):
    clock.now()
    hands.pass_by(8 * 3600)
    assert clock.now() == NOW + timedelta(hours=8)
    assert clock.is_steady()


def test_clock_that_is_drawn_slowly_does_not_jump(hands):
    for _ in range(100):
        hands.pass_by(0.25)
        hands.set_by(0.01)
        clock.now()
    assert clock.is_steady()


@pytest.mark.parametrize("jump", [-HOURS.total_seconds(), -1.5, 1.5, HOURS.total_seconds()])
def test_jump_stops_until_two_ticks_agree(hands, jump, db):
    clock.now()
    hands.set_by(jump)
    clock.now()
    assert [clock.is_steady(), *settle_clock(), clock.is_steady()] == [False, False, True, True]


def test_second_jump_begins_the_count_anew(hands, db):
    clock.now()
    hands.set_by(3600)
    assert clock.now() and a_tick() is False
    hands.set_by(-3600)
    assert settle_clock() == [False, True]


def test_leap_ends_when_the_clock_is_set_back(hands, db):
    clock.now()
    hands.set_by(HOURS.total_seconds())
    clock.now()
    assert clock.leap() == (NOW, NOW + HOURS)
    hands.pass_by(10)
    hands.set_by(-HOURS.total_seconds())
    clock.now()
    assert clock.leap() is None


def test_clock_set_back_and_right_again_has_leapt_over_nothing(hands, db):
    clock.now()
    hands.set_by(-HOURS.total_seconds())
    clock.now()
    hands.set_by(HOURS.total_seconds())
    assert (clock.now(), clock.is_steady(), clock.leap()) == (NOW, False, None)


def test_leap_ends_with_its_grace(hands, settings):
    clock.now()
    hands.set_by(3600)
    clock.now()
    hands.pass_by(settings.PUNCTUAL["clock_grace"] + 0.1)
    assert clock.leap() is None


def test_sleep_ends_in_vain_when_the_clock_is_set(hands):
    hands.at_next_rest(lambda: hands.set_by(HOURS.total_seconds()))
    assert clock.sleep_until(NOW + 10 * SECOND) is False


def test_sleep_ends_at_its_second(hands):
    assert clock.sleep_until(NOW + 10 * SECOND) is True
    assert clock.now() == NOW + 10 * SECOND


# --- What the engine makes of it --------------------------------------------------------------------------------------


@pytest.fixture
def leap(hands):
    def jump(seconds):
        clock.now()
        hands.set_by(seconds)
        settle_clock()
        return clock.now()

    return jump


def test_nothing_is_offered_or_sent_before_two_ticks_agree(account, fake, hands):
    row = post_at(account, NOW - SECOND)
    clock.now()
    hands.set_by(2)
    clock.now()
    assert offered(clock.now()) == []
    deliver.deliver(row.pk)
    assert fake.calls == []
    settle_clock()
    assert offered(clock.now()) == [row.pk]


def test_clock_set_ahead_while_a_worker_waits_sends_nothing(account, fake, hands, again):
    row = post_at(account, NOW + SECOND)
    hands.at_next_rest(lambda: hands.set_by(HOURS.total_seconds()))
    deliver.deliver(row.pk)
    assert (again(row).status, fake.calls) == (Status.SCHEDULED, [])


@pytest.mark.parametrize("jump", [HOURS, -HOURS])
def test_clock_set_after_the_claim_sends_nothing_and_counts_no_try(account, fake, hands, again, jump):
    row = post_at(account, NOW + timedelta(milliseconds=90))
    hands.at_next_rest(lambda: hands.set_by(jump.total_seconds()))
    deliver.deliver(row.pk)
    left = again(row)
    assert (left.status, left.due_at, left.tries, fake.calls) == (Status.RETRYING, row.due_at, 0, [])


def test_what_was_jumped_over_is_neither_sent_nor_missed_at_once(account, fake, leap, hands, again):
    hours_over, minutes_over = post_at(account, NOW + timedelta(hours=3)), post_at(account, NOW + HOURS - 60 * SECOND)
    after = leap(HOURS.total_seconds())
    assert offered(after) == []
    for row in (hours_over, minutes_over):
        deliver.deliver(row.pk)
        assert (again(row).status, fake.calls) == (Status.SCHEDULED, [])


def test_what_was_due_before_the_jump_is_not_missed_by_it(account, leap, again):
    waiting = [post_at(account, NOW - seconds * SECOND) for seconds in (20, 19)]
    assert offered(leap(HOURS.total_seconds())) == [waiting[0].pk]
    assert [again(row).status for row in waiting] == [Status.SCHEDULED] * 2


def test_what_is_due_after_the_leap_does_not_wait_with_it(account, leap):
    post_at(account, NOW + timedelta(hours=3))
    row = post_at(account, NOW + HOURS + 60 * SECOND)
    assert offered(leap(HOURS.total_seconds())) == [row.pk]


def test_clock_set_wrong_and_right_again_leaves_everything_at_its_time(account, fake, leap, hands, again):
    soon, later = post_at(account, NOW + 20 * SECOND), post_at(account, NOW + timedelta(hours=3))
    offered(leap(HOURS.total_seconds()))
    hands.pass_by(10)
    back = leap(-HOURS.total_seconds())
    assert offered(back) == [soon.pk]
    deliver.deliver(soon.pk)  # 10 s to go: too soon, and the offer stands
    hands.pass_by(9.9)
    deliver.deliver(soon.pk)
    assert (again(soon).status, again(soon).sent_at) == (Status.PUBLISHED, soon.due_at)
    assert (again(later).status, Notice.objects.count()) == (Status.SCHEDULED, 0)


def test_clock_that_was_wrong_at_boot_lets_the_late_policy_decide(account, fake, leap, hands, settings):
    missed, late = post_at(account, NOW + timedelta(hours=3)), post_at(account, NOW + HOURS - 60 * SECOND)
    leap(HOURS.total_seconds())
    hands.pass_by(settings.PUNCTUAL["clock_grace"] + 1)
    assert offered(clock.now()) == [late.pk]
    assert Delivery.objects.get(pk=missed.pk).status == Status.MISSED


def test_running_lease_does_not_lapse_by_a_leap(account, fake, leap, again):
    post_at(account, NOW, status=Status.PUBLISHING)
    Delivery.objects.update(marked_at=NOW, lease_until=NOW + 30 * SECOND, due_at=NOW + 30 * SECOND)
    after = leap(HOURS.total_seconds())
    assert recover.recover_lapsed(after) == 0
    assert recover.recover_lapsed(after + 30 * SECOND) == 1


def test_lease_from_a_wrong_clock_lapses_in_its_own_length(account, fake, leap, again):
    row = post_at(account, NOW + HOURS, status=Status.PUBLISHING)
    ahead = NOW + HOURS
    Delivery.objects.update(marked_at=ahead, lease_until=ahead + 30 * SECOND, due_at=ahead + 30 * SECOND)
    leaps.mend(NOW)
    left = again(row)
    assert (left.lease_until, left.due_at) == (NOW + 30 * SECOND, NOW + 30 * SECOND)


def test_retry_from_a_wrong_clock_waits_as_long_as_was_meant(account, leap, again):
    row = post_at(account, NOW - SECOND, status=Status.RETRYING)
    ahead = NOW + HOURS
    Delivery.objects.update(due_at=ahead + 300 * SECOND, queued_at=ahead)
    Attempt.objects.create(delivery=row, number=1, marked_at=ahead, ended_at=ahead)
    leaps.mend(NOW)
    assert again(row).due_at == NOW + 300 * SECOND


def test_rate_limit_from_a_wrong_clock_lasts_as_long_as_was_meant(account, fake, hands, leap, again):
    ahead = leap(HOURS.total_seconds())
    row = post_at(account, ahead + SECOND)
    waiting = post_at(account, NOW + timedelta(hours=5))
    Delivery.objects.filter(pk=waiting.pk).update(scheduled_for=NOW - SECOND)
    fake.script = {"publish": [Unavailable("Too many.", retry_after=42 * SECOND, is_rate_limit=True)]}
    deliver.deliver(row.pk)
    back = leap(-HOURS.total_seconds())
    until = back + 42 * SECOND
    assert abs(Account.objects.get().waits_until - until) < SECOND
    assert abs(again(waiting).due_at - until) < SECOND
    assert again(row).due_at == row.scheduled_for


def test_offer_in_a_far_future_counts_as_none(account, fake):
    row = post_at(account, NOW)
    Delivery.objects.update(queued_at=NOW + HOURS)
    assert offers.has_work(NOW)
    assert offered(NOW) == [row.pk]


def test_worker_of_a_wrong_clock_does_not_seem_alive(db):
    Worker.objects.create(host="h", pid=1, threads=1, started_at=NOW, beat_at=NOW + HOURS)
    leaps.mend(NOW)
    assert Worker.objects.count() == 0


@pytest.mark.embedded_only  # on PostgreSQL the beat asks the database
def test_jump_is_told_once_by_the_beats_of_all_workers(account, hands):
    beats.beat(clock.now())
    hands.set_by(-HOURS.total_seconds())
    for _ in range(3):
        beats.beat(clock.now())
        hands.pass_by(60)
    worker = Worker.objects.get()
    assert (worker.is_clock_off, worker.clock_offset_ms) == (True, -HOURS.total_seconds() * 1000)
    notice = Notice.objects.get()
    assert (notice.kind, notice.body[:25]) == (Notice.Kind.CLOCK, "It went back by 6:00:00. ")


@pytest.mark.embedded_only  # on PostgreSQL the beat asks the database
def test_clock_that_is_right_again_troubles_nobody(account, hands):
    clock.now()
    hands.set_by(60)
    clock.now()
    hands.pass_by(timepiece.TOLD_FOR + 1)
    beats.beat(clock.now())
    assert (Worker.objects.get().is_clock_off, Notice.objects.count()) == (False, 0)


def test_offset_file_moves_the_wall_and_an_unreadable_one_does_not(tmp_path, monkeypatch):
    file = tmp_path / "offset"
    monkeypatch.setattr(clock, "_offset_file", str(file))
    monkeypatch.setattr(clock, "_last_offset", 0.0)
    offsets = []
    for content in ("", "21600", "x", "-3"):
        file.write_text(content)
        offsets.append(clock._offset())
    assert offsets == [0.0, 21600.0, 21600.0, -3.0]


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.LOOKUP, Kind.BLIND])
def test_clock_set_back_after_a_lost_answer_puts_the_next_send_ahead_too(account, fake, leap, again, kind):
    """Found by the state machine: what was claimed before is due again only in hours."""
    fake.reset(kind)
    Account.objects.update(blind_choice=Account.Blind.AGAIN)
    row = post_at(account, NOW)
    fake.script = {"publish": [Unconfirmed("No answer.")]}
    leap(0)
    deliver.deliver(row.pk)
    assert again(row).status == (Status.RETRYING if kind == Kind.BLIND else Status.UNCONFIRMED)
    leap(-HOURS.total_seconds())
    for _ in range(8):
        clock.sleep_until(min(again(row).due_at, clock.now() + 60 * SECOND))
        deliver.deliver(row.pk)
    assert [name for name, _ in fake.calls if name == "publish"] == ["publish"]
    assert again(row).due_at == row.scheduled_for


def test_look_up_by_a_clock_set_wrong_goes_back_to_the_time_before(
    account, fake, leap, hands, settings, again, monkeypatch
):
    """The platform's clock was right all along: what it took lies hours before what we wrote down."""
    fake.reset(Kind.LOOKUP)
    asked = []
    monkeypatch.setattr(fake, "find", lambda self, payload, key, since, owned=frozenset(): asked.append(since))
    fake.script = {"publish": [Unconfirmed("No answer.")]}
    leap(HOURS.total_seconds())
    hands.pass_by(settings.PUNCTUAL["clock_grace"] + 1)
    row = post_at(account, clock.now() + SECOND)
    deliver.deliver(row.pk)
    deliver.deliver(row.pk)
    assert asked[0] < NOW + 60 * SECOND


def test_start_costs_the_same_for_one_and_three_that_wait_for_a_person(account, django_assert_num_queries):
    def ask(count):
        for _ in range(count):
            row = post_at(account, NOW, status=Status.UNCONFIRMED)
            Attempt.objects.create(delivery=row, number=1, marked_at=NOW, ended_at=NOW)

    ask(1)
    with CaptureQueriesContext(connection) as first:
        leaps.mend(NOW)
    ask(2)
    with django_assert_num_queries(len(first)):
        leaps.mend(NOW)
