"""Workers that can die at any line, a queue that can lose anything, and a clock that can be set: all in one thread.

What happens "meanwhile" (another worker, a person, the clock) runs nested, at a named point or between two statements.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django.db import connection, transaction

from scheduler_ui import tasks
from scheduler_ui.engine import clock, crash, deliver, leaps, prepare, restoring, seats, settle, switch
from scheduler_ui.models import Delivery
from scheduler_ui.platforms import registry
from tests.factories import NOW
from tests.proofs.network import KINDS, Network, NetworkPlatform, RemotePost
from tests.rig.hands import Hands

# Every point at which the program can be told to die.
POINTS = (
    *("offered", "taken", "preparing", "prepared", "claimed", "before_send", "sent", "answered", "settled", "lookup"),
)
# A worker stopped here has passed its last check: the bare window that no fence can close, named in docs.
BARE = frozenset({"before_send"})
CONTROL = re.compile(r"\s*(SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT)", re.IGNORECASE)


# How often what was to be tried has come to pass, over all runs.
HAPPENED: Counter[str] = Counter()


class Crash(BaseException):
    """A worker's end: nothing of it may run after this."""


class Life:
    """One worker's stretch of work: it dies at a point or after some statements, or something happens meanwhile."""

    def __init__(self) -> None:
        self.is_dead = False


class World:
    def __init__(self, monkeypatch) -> None:
        self.hands = Hands(NOW)
        self.hands.take_over(monkeypatch)
        self.network = Network(lambda: self.hands.steady + self.first, self._took)
        self.first = self.hands.wall - self.hands.steady
        self.queue: list[tuple[datetime, int]] = []
        self.early: list[str] = []
        self.crash_point, self.crash_after = "", 0
        self.meanwhile_point, self.meanwhile_after = "", 0
        self.meanwhile: Callable[[], None] | None = None
        self._lives: list[Life] = []
        self._depth = len(connection.savepoint_ids)
        self._patch(monkeypatch)

    def _patch(self, monkeypatch) -> None:
        NetworkPlatform.outside = self.network
        self.network.under_way = self._under_way
        for platform in KINDS:
            monkeypatch.setitem(registry.PLATFORMS, platform.slug, platform)
        monkeypatch.setattr(crash, "point", self._reach)
        monkeypatch.setattr(tasks, "wake", self._wake)
        monkeypatch.setattr(leaps, "_is_new", False)
        # The same steps must be the same statements, however long this machine takes.
        steady = SimpleNamespace(monotonic=lambda: self.hands.steady, sleep=self.hands.pass_by)
        for module in (switch, restoring, settle, seats):
            monkeypatch.setattr(module, "time", steady)
        switch.forget()

    # --- Workers ------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        self.work(lambda: tasks.tick(clock.now()))

    def minute(self) -> None:
        self.work(tasks.check_due.call_local)

    def prepare(self, delivery_id: int) -> None:
        self.work(lambda: prepare.prepare_early(delivery_id))

    def deliver_due(self) -> None:
        """Everything in the queue whose moment has come, each by a worker of its own."""
        now = clock.now()
        due = [message for message in self.queue if message[0] <= now]
        self.queue = [message for message in self.queue if message[0] > now]
        for _, delivery_id in sorted(due):
            self.deliver(delivery_id)

    def deliver(self, delivery_id: int) -> None:
        self.work(lambda: deliver.deliver(delivery_id))

    def work(self, what: Callable[[], object]) -> None:
        """One worker at work, in a process of its own."""
        life, memory = Life(), (deliver.in_flight, vars(seats.seats).copy())
        deliver.in_flight = set()
        seats.seats.forget()
        self._lives.append(life)
        try:
            with connection.execute_wrapper(self._on_statement):
                what()
        except Crash:
            leaps._is_new = True  # another is started in its place
            transaction.set_rollback(False)
        finally:
            self._lives.pop()
            deliver.in_flight = memory[0]
            vars(seats.seats).update(memory[1])
        assert len(connection.savepoint_ids) == self._depth or self._lives

    @contextmanager
    def nobody(self) -> Iterator[None]:
        """What is no worker's work: people, the clock, the queue's misfortunes."""
        lives, self._lives = self._lives, []
        try:
            yield
        finally:
            self._lives = lives

    def _reach(self, point: str) -> None:
        if not self._lives:
            return
        self._meanwhile_at(point)
        if point == self.crash_point:
            self.crash_point = ""
            self._die(point)

    def _meanwhile_at(self, point: str) -> None:
        if point == self.meanwhile_point and self.meanwhile and self._is_between_transactions():
            self._happen("point")

    def _on_statement(self, execute, sql, params, many, context):
        life = self._lives[-1] if self._lives else None
        if life is None or CONTROL.match(sql):
            return execute(sql, params, many, context)
        if life.is_dead:
            raise Crash
        if self.crash_after:
            self.crash_after -= 1
            if not self.crash_after:
                execute(sql, params, many, context)
                self._die("a statement")
        if self.meanwhile_after and self._is_between_transactions():
            self.meanwhile_after -= 1
            if not self.meanwhile_after and self.meanwhile:
                self._happen("statement")
        return execute(sql, params, many, context)

    def _die(self, where: str) -> None:
        HAPPENED[f"died at {where}"] += 1
        self._lives[-1].is_dead = True
        raise Crash

    def _happen(self, kind: str) -> None:
        what, self.meanwhile, self.meanwhile_point, self.meanwhile_after = self.meanwhile, None, "", 0
        assert what is not None
        HAPPENED[f"meanwhile at a {kind}"] += 1
        with self.nobody():
            what()

    def _is_between_transactions(self) -> bool:
        return len(connection.savepoint_ids) == self._depth

    # --- Time, queue, network -----------------------------------------------------------------------------------------

    def _wake(self, offered: Sequence[tuple[int, datetime]]) -> None:
        self.queue += [(eta, delivery_id) for delivery_id, eta in offered]

    def _under_way(self) -> float:
        began = self.hands.wall
        self._reach("under way")
        return began

    def _took(self, post: RemotePost, sent_at: float) -> None:
        row = Delivery.objects.filter(account__public_id=post.account, post__text=post.text).first()
        now = datetime.fromtimestamp(sent_at, UTC)
        if row is None or row.scheduled_for is None or now < row.scheduled_for:
            self.early.append(f"{post.text} at {now}, promised for {row and row.scheduled_for}")

    def pass_by(self, seconds: float) -> None:
        self.hands.pass_by(seconds)

    def calm_down(self) -> None:
        self.network.calm_down()
        self.crash_point, self.crash_after = "", 0
        self.meanwhile, self.meanwhile_point, self.meanwhile_after = None, "", 0

    def settle_down(self, rounds: int = 400) -> bool:
        """Let healthy workers work until only people can act; False: it never came to that."""
        for _ in range(rounds):
            self.tick()
            self.deliver_due()
            left = Delivery.objects.filter(due_at__isnull=False, hold_reason="").order_by("due_at")
            soonest = left.values_list("due_at", flat=True).first()
            if soonest is None:
                return True
            moments = [soonest, *(eta for eta, _ in self.queue)]
            wait = min(moments) - clock.now() - timedelta(milliseconds=150)
            self.pass_by(max(wait.total_seconds(), 0.25))
        return False


@contextmanager
def undone() -> Iterator[None]:
    """Nothing of it stays in the database."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)
