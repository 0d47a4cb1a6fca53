"""How many of this worker's threads one network and one account may hold: whoever hangs leaves threads for the others.

A delivery that finds no seat is parked, not waited for: the next thread that is done takes it up. Parked is no more
than remembered; should the process die, the row is offered again like any other.
"""

import threading
import time
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

# Of the threads that no other network holds, and of all.
NETWORK_SHARE = 0.75
ACCOUNT_SHARE = 0.5


class Seats:
    """Counts by network and account; `parked` keeps delivery ids in the order in which they came."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, with nobody seated."""
        self._lock = threading.Lock()
        self._networks: Counter[str] = Counter()
        self._accounts: Counter[int] = Counter()
        self._parked: dict[str, dict[int, dict[int, Any]]] = {}
        self._is_open = True
        # Overdue deliveries that this process has offered and nobody here has taken yet, with when that was.
        self._out: dict[int, float] = {}
        self._has_more = False

    def room(self, busy: int) -> int:
        """How many overdue deliveries may be offered now: in hand and out are never more than twice the threads."""
        with self._lock:
            lapsed = time.monotonic() - settings.PUNCTUAL["reoffer"]
            self._out = {pk: at for pk, at in self._out.items() if at > lapsed}
            return max(2 * _threads() - busy - len(self._out), 0)

    def offered(self, delivery_ids: Iterable[int], *, has_more: bool) -> None:
        with self._lock:
            self._out |= dict.fromkeys(delivery_ids, time.monotonic())
            self._has_more = has_more

    def taken(self, delivery_id: int) -> None:
        with self._lock:
            self._out.pop(delivery_id, None)

    def wants_more(self) -> bool:
        """Whether a backlog waits and this worker has next to nothing of it left; said once after each round."""
        with self._lock:
            wants = self._has_more and self._is_open and len(self._out) <= _threads() * 3 // 4
            self._has_more = self._has_more and not wants
            return wants

    @contextmanager
    def held(self, delivery_id: int, network: str, account_id: int, known: Any = None) -> Iterator[bool]:
        """A seat for the time of the block. False: there is none, and the delivery is parked with what is `known`."""
        with self._lock:
            has_seat = self._has_room(network) and self._accounts[account_id] < _account_cap()
            if has_seat:
                self._networks[network] += 1
                self._accounts[account_id] += 1
            elif self._is_open:
                self._parked.setdefault(network, {}).setdefault(account_id, {})[delivery_id] = known
        try:
            yield has_seat
        finally:
            if has_seat:
                with self._lock:
                    self._leave(network, account_id)

    def next_parked(self, busy: Container[int] = ()) -> tuple[int, Any] | None:
        """A parked delivery whose network and account have room now, and what is known of it.

        It comes to `held` like any other.

        `busy`: in the hands of a thread that has only just parked it, and asks here next.
        """
        with self._lock:
            for network, accounts in self._parked.items():
                if not self._has_room(network):
                    continue
                for account_id, deliveries in accounts.items():
                    delivery_id = next((pk for pk in deliveries if pk not in busy), None)
                    if delivery_id is not None and self._accounts[account_id] < _account_cap():
                        return self._take(network, account_id, delivery_id)
        return None

    def full_accounts(self) -> list[int]:
        """Accounts of which this worker has as much as it can hold: there is no use in offering more of them."""
        with self._lock:
            full = {account_id for account_id, held in self._accounts.items() if held >= _account_cap()}
            return list(full.union(*self._parked.values()))

    def close(self) -> None:
        """The worker stops: what is parked is somebody else's."""
        with self._lock:
            self._is_open = False
            self._parked.clear()

    def _has_room(self, network: str) -> bool:
        others = self._networks.total() - self._networks[network]
        return self._networks[network] < max(int((_threads() - others) * NETWORK_SHARE), 1)

    def _leave(self, network: str, account_id: int) -> None:
        self._networks[network] -= 1
        self._accounts[account_id] -= 1
        # A counter remembers whatever was counted once.
        self._networks += Counter()
        self._accounts += Counter()

    def _take(self, network: str, account_id: int, delivery_id: int) -> tuple[int, Any]:
        """One of an account, which then goes behind the others, and its network behind the other networks."""
        accounts = self._parked.pop(network)
        deliveries = accounts.pop(account_id)
        known = deliveries.pop(delivery_id)
        if deliveries:
            accounts[account_id] = deliveries
        if accounts:
            self._parked[network] = accounts
        return delivery_id, known


def _threads() -> int:
    return int(settings.PUNCTUAL["threads"])


def _account_cap() -> int:
    return max(int(_threads() * ACCOUNT_SHARE), 1)


seats = Seats()
