"""Never lost, never twice, never early: whatever people, networks, clocks, queues and dying workers do, in any order.

Everything but the network, the clock and the queue is the program itself. `make proofs` runs it 2,000 times;
`--hypothesis-seed` repeats a run.
"""

import logging
import os
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler_ui.domain import accounts, deliveries, holds, posts
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import clock
from scheduler_ui.models import Account, Delivery, Notice, Status
from scheduler_ui.models.states import ARROWS, ENDED
from tests.factories import a_user, a_workspace, an_account
from tests.proofs.network import KINDS, OUTCOMES
from tests.proofs.world import BARE, HAPPENED, POINTS, World, undone

RUNS = int(os.environ.get("PROOF_RUNS", "20"))
STEPS = int(os.environ.get("PROOF_STEPS", "12"))
DELAYS = st.sampled_from([0.3, 1, 5, 60, 400, 4000])
NUMBERS = st.integers(0, 9)
STOPS = [*(point for point in POINTS if point not in BARE), "under way"]
EVENTS = ["deliver", "tick", "cancel", "edit", "move", "now", "pause", "loop", "stop", "clock"]
LIFE = st.fixed_dictionaries(
    {
        "account": st.integers(0, 2),
        "picture": st.booleans(),
        "steps": st.lists(st.sampled_from([*OUTCOMES, "lost_before", "lost_after"]), max_size=3),
        "end": st.one_of(st.none(), st.sampled_from(POINTS), st.sampled_from(POINTS), st.integers(1, 25)),
        "event": st.one_of(st.none(), st.tuples(st.sampled_from(STOPS), st.sampled_from(EVENTS))),
    }
)
# So many runs must have come to all of these, or they have proved little.
ENOUGH = 500
WORTH_SEEING = {
    *(f"ended {status}" for status in ("published", "failed", "missed", "canceled", "unconfirmed")),
    *(f"died at {point}" for point in (*POINTS, "a statement")),
    *("meanwhile at a point", "meanwhile at a statement"),
}
LIMITS = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


class Errors(logging.Handler):
    """What the engine swallows and logs is a fault all the same."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "a platform failed in a way" not in record.getMessage():
            self.lines.append(self.format(record))


class Punctual(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(undone())
        self.errors = Errors()
        engine = logging.getLogger("scheduler_ui.engine")
        engine.addHandler(self.errors)
        self.stack.callback(engine.removeHandler, self.errors)
        self.world = World(self.stack.enter_context(pytest.MonkeyPatch.context()))
        # How often more than once a person has said that something may go out.
        self.again: dict[int, int] = {}
        self.there: set[int] = set()
        self.jumps = 0
        self.texts = 0
        self.seen: dict[int, str] = {}

    @initialize(lives=st.lists(LIFE, min_size=1, max_size=3))
    def people(self, lives: list[dict]) -> None:
        self.actor = a_user(timezone="UTC")
        self.workspace = a_workspace(self.actor, timezone="UTC")
        self.accounts = [an_account(self.workspace, platform=kind.slug) for kind in KINDS]
        for life in lives:
            self.life_of_one(life)

    def teardown(self) -> None:
        try:
            if hasattr(self, "accounts"):
                self.at_rest()
        finally:
            self.stack.close()

    # --- What people do -----------------------------------------------------------------------------------------------

    @rule(account=st.integers(0, 2), delay=DELAYS, picture=st.booleans())
    def schedule(self, account: int, delay: float, picture: bool) -> None:
        text = self._new_text(picture)
        composed = Composed(text, [self.accounts[account]], when=self._in(delay))
        self._try(lambda: posts.schedule(None, self.workspace, self.actor, composed, now=clock.now()))

    @rule(delay=DELAYS)
    def schedule_everywhere(self, delay: float) -> None:
        for account in range(3):
            self.schedule(account, delay, picture=False)

    @rule(number=NUMBERS, delay=DELAYS)
    def edit(self, number: int, delay: float) -> None:
        if row := self._row(number):
            text = self._new_text(row.post.text.startswith("picture"), _name(row.post.text))
            composed = Composed(text, [row.account], when=self._in(delay))
            self._try(lambda: posts.schedule(row.post, self.workspace, self.actor, composed, now=clock.now()))

    @rule(number=NUMBERS, delay=DELAYS)
    def move(self, number: int, delay: float) -> None:
        if row := self._row(number):
            self._try(lambda: posts.reschedule(row.post, self._in(delay), actor=self.actor, now=clock.now()))

    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        if row := self._row(number):
            self._try(lambda: deliveries.cancel(row, actor=self.actor, now=clock.now()))

    @rule(number=NUMBERS)
    def publish_now(self, number: int) -> None:
        if row := self._row(number):
            self._try(lambda: deliveries.publish_now(row, actor=self.actor, now=clock.now()))

    @rule(number=NUMBERS)
    def retry(self, number: int) -> None:
        if row := self._row(number):
            self._try(lambda: deliveries.retry(row, actor=self.actor, now=clock.now()))

    @rule(is_lying=st.booleans())
    def answer(self, is_lying: bool) -> None:
        """A person looks at the account, and may look badly."""
        row = Delivery.objects.filter(status=Status.UNCONFIRMED, due_at=None).order_by("pk").first()
        if row is None:
            return
        if bool(self._remote(row)) != is_lying:
            self.there.add(row.pk)
            self._try(lambda: deliveries.confirm_there(row, "", actor=self.actor, now=clock.now()))
        else:
            self.again[row.pk] = self.again.get(row.pk, 0) + 1
            self._try(lambda: deliveries.confirm_absent(row, actor=self.actor, now=clock.now()))

    @rule(account=st.integers(0, 2), is_paused=st.booleans())
    def pause_or_resume(self, account: int, is_paused: bool) -> None:
        row = Account.objects.get(pk=self.accounts[account].pk)
        (accounts.pause if is_paused else accounts.resume)(row)

    @rule()
    def reconnect(self) -> None:
        for account in Account.objects.filter(state=Account.State.RECONNECT):
            Account.objects.filter(pk=account.pk).update(state=Account.State.CONNECTED, waits_until=None)
            account.refresh_from_db()
            holds.put(account)

    # --- What workers, the queue and the clock do ---------------------------------------------------------------------

    @rule()
    def tick(self) -> None:
        self.world.tick()

    @rule(seconds=st.sampled_from([0.25, 0.5, 2, 5]))
    def a_moment(self, seconds: float) -> None:
        """As it goes when nothing happens."""
        self.world.pass_by(seconds)
        self.world.tick()
        self.world.deliver_due()

    @rule()
    def to_the_next_second(self) -> None:
        """The nearest thing comes due, and whoever is woken does it."""
        due_at = Delivery.objects.filter(due_at__gt=clock.now(), hold_reason="").order_by("due_at").first()
        if due_at is not None and due_at.due_at is not None:
            self.world.tick()
            self.world.pass_by(max((due_at.due_at - clock.now()).total_seconds() - 0.15, 0))
            self.world.tick()
            self.world.deliver_due()

    @rule()
    def the_minute(self) -> None:
        self.world.minute()

    @rule()
    def deliver_due(self) -> None:
        self.world.deliver_due()

    @rule(number=NUMBERS)
    def prepare_early(self, number: int) -> None:
        if row := self._row(number):
            self.world.prepare(row.pk)

    @rule(seconds=st.sampled_from([0.1, 10, 31, 400, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_by(seconds)

    @rule(is_lost=st.booleans())
    def queue_fails(self, is_lost: bool) -> None:
        self.world.queue = [] if is_lost else self.world.queue * 2

    @rule(number=NUMBERS)
    def message_is_forged(self, number: int) -> None:
        if row := self._row(number):
            self.world.deliver(row.pk)

    @rule(point=st.sampled_from(POINTS))
    def crash_at(self, point: str) -> None:
        self.world.crash_point = point

    @rule(statements=st.integers(1, 25))
    def crash_after(self, statements: int) -> None:
        self.world.crash_after = statements

    @precondition(lambda self: self.jumps < 2)
    @rule(seconds=st.sampled_from([-6 * 3600, -5, 1.5, 5, 6 * 3600]))
    def clock_is_set(self, seconds: float) -> None:
        self.jumps += 1
        self.world.hands.set_by(seconds)

    # --- What the network does, and what happens while a worker is at work --------------------------------------------

    @rule(steps=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=3))
    def next_answers(self, steps: list[str]) -> None:
        self.world.network.outcomes[:] = steps

    @rule(
        finds=st.lists(st.sampled_from(["ok", "unavailable", "unauthorized"]), max_size=2),
        follows=st.lists(st.sampled_from(["ok", "processing", "rejected", "unavailable", "unauthorized"]), max_size=2),
        prepares=st.lists(st.sampled_from(["ok", "unavailable", "lost_before", "rejected"]), max_size=2),
        lag=st.sampled_from([0, 4, 20]),
    )
    def next_other_answers(self, finds: list[str], follows: list[str], prepares: list[str], lag: float) -> None:
        network = self.world.network
        network.finds[:], network.follows[:], network.prepares[:], network.lag = finds, follows, prepares, lag

    @rule(
        point=st.sampled_from(STOPS),
        what=st.sampled_from(EVENTS),
        number=NUMBERS,
    )
    def meanwhile_at(self, point: str, what: str, number: int) -> None:
        # A request ends within its deadline, so it cannot be under way for a minute: see BARE.
        what = "loop" if (point, what) == ("under way", "stop") else what
        self.world.meanwhile_point, self.world.meanwhile_after = point, 0
        self.world.meanwhile = lambda: self._happen(what, number)

    @rule(
        statements=st.integers(1, 20),
        what=st.sampled_from(EVENTS),
        number=NUMBERS,
    )
    def meanwhile_after(self, statements: int, what: str, number: int) -> None:
        self.world.meanwhile_point, self.world.meanwhile_after = "", statements
        self.world.meanwhile = lambda: self._happen(what, number)

    @rule(life=LIFE)
    def life_of_one(self, life: dict) -> None:
        """One post's way out, with what may befall it on the way: the other steps, nearer to each other."""
        end = life["end"]
        is_looked_up = end == "lookup"
        self.world.network.outcomes[:] = ["lost_before"] * is_looked_up + life["steps"]
        if isinstance(end, int):
            self.crash_after(end)
        elif end:
            self.crash_at(end)
        self.schedule(life["account"], 1, picture=life["picture"] or end in ("preparing", "prepared"))
        if life["event"]:
            self.meanwhile_at(*life["event"], -1)
        for _ in range(4):
            self.to_the_next_second()

    def _happen(self, what: str, number: int) -> None:
        {
            "deliver": lambda: self.message_is_forged(number),
            "tick": self.world.tick,
            "cancel": lambda: self.cancel(number),
            "edit": lambda: self.edit(number, 60),
            "move": lambda: self.move(number, 60),
            "now": lambda: self.publish_now(number),
            "pause": lambda: self.pause_or_resume(number % 3, is_paused=True),
            "loop": lambda: self.a_moment(0.25),
            "stop": self._a_minute_of_others,
            "clock": lambda: self.clock_is_set(-5) if self.jumps < 2 else None,
        }[what]()

    def _a_minute_of_others(self) -> None:
        """SIGSTOP past its lease: the others go on without it, and then it does too."""
        for seconds in (31, 1, 11, 31):
            self.a_moment(seconds)

    # --- What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def never_early(self) -> None:
        assert self.world.early == []

    @invariant()
    def never_twice(self) -> None:
        twice = {}
        for row in self._rows():
            remote = self._remote(row)
            if len(remote) > 1 + self.again.get(row.pk, 0):
                twice[row.post.text] = [(post.text, post.key) for post in remote]
        assert twice == {}

    @invariant()
    def nothing_is_swallowed(self) -> None:
        assert self.errors.lines == []

    @invariant()
    def statuses_follow_the_arrows(self) -> None:
        now = dict(Delivery.objects.values_list("pk", "status"))
        for key, status in now.items():
            assert status in _reachable(self.seen.get(key, Status.SCHEDULED)), (self.seen.get(key), status)
        self.seen = now

    def at_rest(self) -> None:
        """Nothing is lost: it is out, or a person has ended it, or a person was told or asked."""
        self.world.calm_down()
        for account in range(3):
            self.pause_or_resume(account, is_paused=False)
        self.reconnect()
        assert self.world.settle_down(), list(Delivery.objects.values())
        self.never_early()
        self.never_twice()
        self.nothing_is_swallowed()
        for row in self._rows():
            HAPPENED[f"ended {row.status}"] += 1
        HAPPENED["runs"] += 1
        assert {row.post.text: fault for row in self._rows() if (fault := self._fault(row))} == {}

    def _fault(self, row: Delivery) -> str:
        remote = self._remote(row)
        if row.status == Status.PUBLISHED:
            if row.pk in self.there:
                return ""
            if not remote:
                return "said to be out, and is not"
            return "" if row.post.text in {post.text for post in remote} else "went out with other words"
        if row.status == Status.UNCONFIRMED:
            return "" if self._is_told(row, Notice.Kind.ASKED) else "nobody was asked"
        if row.status not in ENDED:
            return f"left {row.status}"
        if remote and not self.again.get(row.pk):
            return f"said to be {row.status}, and is out"
        if row.status == Status.CANCELED:
            return ""  # whoever did it knows
        is_told = self._is_told(row, row.status) or (row.status == Status.MISSED and self._is_in_digest(row))
        return "" if is_told else "nobody was told"

    @staticmethod
    def _is_told(row: Delivery, kind: str) -> bool:
        return Notice.objects.filter(delivery=row, kind=kind).exists()

    def _is_in_digest(self, row: Delivery) -> bool:
        """One tells of what was missed before it was last written; a clock that was set may have hidden that."""
        since = {} if self.jumps else {"created_at__gte": row.settled_at}
        return Notice.objects.filter(workspace=row.workspace, kind=Notice.Kind.DIGEST, **since).exists()

    # --- Helping hands ------------------------------------------------------------------------------------------------

    def _new_text(self, picture: bool, name: str = "") -> str:
        self.texts += 1
        return f"{'picture' if picture else 'words'} {name or self.texts}.{self.texts}"

    def _in(self, seconds: float) -> When:
        return When.at(clock.now() + timedelta(seconds=seconds), "UTC")

    def _rows(self) -> list[Delivery]:
        return list(Delivery.objects.select_related("post", "account", "workspace").order_by("pk"))

    def _row(self, number: int) -> Delivery | None:
        rows = self._rows()
        return rows[number % len(rows)] if rows else None

    def _remote(self, row: Delivery) -> list:
        """Its posts out there, whichever of its texts they carry."""
        name, mine = _name(row.post.text), row.account.public_id
        return [post for post in self.world.network.posts if post.account == mine and _name(post.text) == name]

    def _try(self, decision) -> None:
        """What is refused in words is no fault."""
        try:
            decision()
        except Refused:
            return


def _name(text: str) -> str:
    """What stays the same when a text is edited."""
    return text.split()[1].split(".")[0]


def _reachable(status: str) -> set[str]:
    """Everywhere that arrows lead from here, in any number of steps."""
    found, edge = {status}, {status}
    while edge:
        edge = set().union(*(ARROWS[Status(step)] for step in edge)) - found
        found |= edge
    return found


@pytest.mark.timeout(1200)
@pytest.mark.django_db
def test_no_order_of_events_loses_repeats_or_hastens_a_post(settings):
    settings.SCHEDULING_ENABLED = True
    HAPPENED.clear()
    run_state_machine_as_test(Punctual, settings=LIMITS)
    print(", ".join(f"{what}: {number}" for what, number in sorted(HAPPENED.items())))  # noqa: T201 - pytest -s shows it
    if RUNS >= ENOUGH:
        assert {what for what in WORTH_SEEING if not HAPPENED[what]} == set()
