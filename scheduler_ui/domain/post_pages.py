"""Everything that a post's page says, as one reader sees it, in a constant number of queries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.utils import dateformat
from django.utils.translation import gettext as _

from scheduler_ui.domain import actions, brakes, history, reasons, summaries, timelines, timings, wall_clock
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.history import Entry
from scheduler_ui.domain.holds import BRAKES
from scheduler_ui.domain.lateness import Policy, own_policy
from scheduler_ui.domain.scenes import Actor, Reason, Scene, platform_name, scene
from scheduler_ui.domain.summaries import Summary
from scheduler_ui.domain.timelines import Line
from scheduler_ui.domain.timings import Timing
from scheduler_ui.models import WAITING, Attempt, Delivery, Hold, Post, Status, User, Workspace

# Who must act comes first, then what moves, then what waits, then what is over.
ORDER = (Actor.YOU, Actor.ENDED, Actor.AGAIN, Actor.PUNCTUAL, Actor.DONE, Actor.NOBODY)


@dataclass(frozen=True)
class Card:
    """One delivery; `due` and `sent` on the reader's clock, '' where there is none."""

    delivery: Delivery
    platform: str
    reason: Reason
    due: str
    sent: str
    lines: Sequence[Line]
    tries: str
    actions: Sequence[Action]
    is_asked: bool
    is_braked: bool
    earlier: Delivery | None

    @property
    def tone(self) -> str:
        return self.reason.actor.tone


@dataclass(frozen=True)
class Page:
    """A post as its page prints it."""

    post: Post
    cards: Sequence[Card]
    draft: Reason | None
    summary: Summary
    legend: Sequence[tuple[str, str, int]]
    timings: Sequence[Timing]
    entries: Sequence[Entry]
    when: str
    others: Sequence[tuple[str, str]]
    late: Policy | None
    can_edit: bool
    can_delete: bool
    can_cancel: bool
    can_move: bool

    @property
    def out(self) -> int:
        return sum(card.delivery.status == Status.PUBLISHED for card in self.cards)


def find(workspace: Workspace, public_id: str) -> Post:
    """The workspace's post with all that its page needs. Raises Post.DoesNotExist."""
    deliveries = Delivery.objects.select_related("account").order_by("pk")
    return (
        Post.objects.select_related("author")
        .prefetch_related(
            Prefetch("deliveries", deliveries), "deliveries__attempts", "attachments__media", "events__actor"
        )
        .get(workspace=workspace, public_id=public_id, deleted_at=None)
    )


def read(post: Post, workspace: Workspace, viewer: User, now: datetime) -> Page:
    """The page of a found post."""
    seen = scene(viewer, now)
    deliveries = list(post.deliveries.all())
    for delivery in deliveries:
        delivery.post, delivery.workspace = post, workspace
    statuses = [delivery.status for delivery in deliveries]
    cards = sorted((_card(delivery, seen) for delivery in deliveries), key=lambda card: ORDER.index(card.reason.actor))
    return Page(
        post=post,
        cards=cards,
        draft=None if deliveries else reasons.explain_draft(post),
        summary=summaries.summarise(statuses),
        legend=_legend(cards),
        timings=timings.of_post(workspace, deliveries, list(post.events.all()), seen.clock),
        entries=history.entries(post.events.all(), _attempts(deliveries), seen),
        when=_when(post.scheduled_for, seen.clock) if post.scheduled_for else "",
        others=_others(post, workspace, viewer),
        late=own_policy(post, workspace),
        can_edit=actions.can_edit(statuses),
        can_delete=actions.can_delete(statuses),
        can_cancel=actions.can_cancel(statuses),
        can_move=bool(deliveries) and actions.can_edit(statuses) and statuses.count(Status.DRAFT) < len(statuses),
    )


def _card(delivery: Delivery, seen: Scene) -> Card:
    attempts = list(delivery.attempts.all())
    for attempt in attempts:
        attempt.delivery = delivery
    is_braked = delivery.status in WAITING and delivery.hold_reason in BRAKES
    return Card(
        delivery=delivery,
        platform=platform_name(delivery.account),
        reason=reasons.explain(delivery, seen),
        due=seen.clock.seconds(delivery.scheduled_for) if delivery.scheduled_for else "",
        sent=seen.clock.exact(delivery.sent_at) if delivery.sent_at else "",
        lines=timelines.timeline(delivery, attempts, seen),
        tries=timelines.summary(attempts),
        actions=[action for action in actions.of_delivery(delivery) if action not in {Action.THERE, Action.ABSENT}],
        is_asked=delivery.status == Status.UNCONFIRMED and delivery.due_at is None,
        is_braked=is_braked,
        earlier=brakes.earlier(delivery) if is_braked and delivery.hold_reason == Hold.REPEAT else None,
    )


def _attempts(deliveries: Sequence[Delivery]) -> list[Attempt]:
    return [attempt for delivery in deliveries for attempt in delivery.attempts.all()]


def _legend(cards: Sequence[Card]) -> list[tuple[str, str, int]]:
    """(tone, status, how many), in the order of the cards."""
    return [
        (tone, status, count) for (tone, status), count in Counter((c.tone, c.delivery.status) for c in cards).items()
    ]


def _when(instant: datetime, clock: Clock) -> str:
    return f"{dateformat.format(clock.date(instant), 'D j M Y')}, {clock.time(instant)}"


def _others(post: Post, workspace: Workspace, viewer: User) -> list[tuple[str, str]]:
    """The other members whose clocks show another time: (who, "03:00 in New York")."""
    if post.scheduled_for is None:
        return []
    here = Clock.of(viewer)
    members = workspace.memberships.exclude(user=viewer).select_related("user").order_by("pk")[:6]
    told = []
    for user in (member.user for member in members):
        clock = Clock.of(user)
        if clock.local(post.scheduled_for) != here.local(post.scheduled_for):
            told.append((str(user), _there(post.scheduled_for, clock, here)))
    return told


def _there(instant: datetime, clock: Clock, here: Clock) -> str:
    words = {"time": clock.time(instant), "city": wall_clock.city(clock.zone)}
    if clock.date(instant) == here.date(instant):
        return _("%(time)s in %(city)s") % words
    words["day"] = dateformat.format(clock.date(instant), "D j M")
    return _("%(day)s, %(time)s in %(city)s") % words
