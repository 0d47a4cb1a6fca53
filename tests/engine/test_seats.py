"""One network that hangs leaves threads for the others."""

from contextlib import ExitStack

import pytest

from scheduler_ui.engine.seats import Seats
from scheduler_ui.platforms.bluesky import Bluesky
from scheduler_ui.platforms.feed import Feed
from scheduler_ui.platforms.rehearsal import Rehearsal
from scheduler_ui.platforms.webhook import Webhook


@pytest.fixture
def seats(settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 16}
    return Seats()


def parked(seats):
    """The key of the next parked delivery, or None."""
    found = seats.next_parked()
    return found and found[0]


@pytest.fixture
def sit(seats):
    """Take a seat and stay; tell whether there was one."""
    with ExitStack() as stack:
        yield lambda pk, network, account: stack.enter_context(seats.held(pk, network, account))


def test_network_alone_holds_three_quarters(sit):
    assert [sit(number, "slow", number) for number in range(14)] == [True] * 12 + [False] * 2


def test_account_holds_half(sit):
    assert [sit(number, "slow", 1) for number in range(10)] == [True] * 8 + [False] * 2


def test_second_network_finds_threads_beside_one_that_hangs(sit):
    for number in range(20):
        sit(number, "slow", number)
    assert [sit(100 + number, "quick", number) for number in range(4)] == [True] * 3 + [False]
    assert sit(200, "third", 1) is True


def test_single_thread_serves_every_network(settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    seats = Seats()
    with seats.held(1, "slow", 1) as first, seats.held(2, "slow", 1) as second:
        assert (first, second) == (True, False)


def test_parked_delivery_is_taken_up_when_a_seat_is_free(seats, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 2}
    with seats.held(1, "slow", 1), seats.held(2, "slow", 1) as has_seat:
        assert has_seat is False
        assert parked(seats) is None
    assert [parked(seats), parked(seats)] == [2, None]


def test_parked_twice_is_taken_up_once(seats, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 2}
    with seats.held(1, "slow", 1), seats.held(2, "slow", 1), seats.held(2, "slow", 1):
        pass
    assert [parked(seats), parked(seats)] == [2, None]


def test_parked_accounts_and_networks_take_turns(seats, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    with seats.held(0, "a", 1), seats.held(5, "b", 3):
        for pk, network, account in [(1, "a", 1), (2, "a", 1), (3, "a", 2), (4, "b", 3)]:
            with seats.held(pk, network, account):
                pass
    assert [parked(seats) for _ in range(5)] == [1, 4, 3, 2, None]


def test_full_accounts_are_those_with_all_their_seats_and_those_with_something_parked(seats, sit):
    for number in range(8):
        sit(number, "slow", 1)
    for number in range(6):
        sit(100 + number, "slow", 10 + number)
    assert sorted(seats.full_accounts()) == [1, 14, 15]


def test_worker_that_stops_parks_nothing(seats, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    with seats.held(1, "slow", 1):
        with seats.held(2, "slow", 1):
            seats.close()
        with seats.held(3, "slow", 1):
            pass
    assert parked(seats) is None


def test_seat_is_free_again_after_an_error(seats, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": 1}
    with pytest.raises(ValueError, match="poison"), seats.held(1, "slow", 1):
        raise ValueError("poison")
    with seats.held(2, "slow", 1) as has_seat:
        assert has_seat is True


@pytest.mark.parametrize(
    ("platform", "shown", "network"),
    [
        (Feed, {}, "feed"),
        (Webhook, {"host": "hooks.example.org"}, "webhook:hooks.example.org"),
        (Bluesky, {"server": "https://pds.example.org"}, "bluesky:https://pds.example.org"),
        (Rehearsal, {}, "rehearsal:abc"),
    ],
)
def test_network_is_what_hangs_together(platform, shown, network):
    assert platform.network("abc", shown) == network
