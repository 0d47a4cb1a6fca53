"""Ten example posts on a pretend network, so that an empty workspace can be looked around in, and taken away again."""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import boards, posts, wall_clock
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.models import MOVING, Account, Attempt, Delivery, Post, Status, User, Workspace, move_to

REMOTE_ID = "examples"
SOON = timedelta(minutes=2)
# Days from today, the author's clock (None: in two minutes, so that one is seen going out), and the text.
EXAMPLES = (
    (-5, time(9, 0), _("Winter roast is back on Friday. First fifty bags come with a tasting card.")),
    (-3, time(17, 15), _("Recipe of the week: orange cold brew, twelve hours, no sugar.")),
    (-1, time(8, 30), _("New beans from Huila have just landed.")),
    (0, None, _("This one goes out two minutes after you loaded the examples. Keep the calendar open and watch.")),
    (1, time(9, 0), _("Ask us anything about roasting, Thursday at five.")),
    (1, time(9, 0), _("A second post at the same minute: both are there.")),
    (2, time(12, 30), _("Opening hours over the holidays.")),
    (4, time(18, 45), _("Slow Sunday playlist, forty songs, no drums.")),
    (6, time(10, 15), _("We are hiring: two mornings a week, behind the bar.")),
    (9, time(16, 0), _("Gift cards are ready. They look good under a tree.")),
)


def are_loaded(workspace: Workspace) -> bool:
    return Post.objects.filter(workspace=workspace, is_example=True).exists()


def load(workspace: Workspace, author: User, now: datetime) -> None:
    """Write the examples around `now` on the author's clock; a second time changes nothing."""
    with transaction.atomic():
        # The row's lock keeps two clicks from loading them twice.
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        if are_loaded(workspace):
            return
        account, _is_new = Account.objects.get_or_create(
            workspace=workspace,
            platform="rehearsal",
            remote_id=REMOTE_ID,
            defaults={"handle": "@example", "name": str(_("Example network")), "colour": 4},
        )
        for days, at, text in EXAMPLES:
            _write(account, author, str(text), _when(days, at, author, now), now)


def remove(workspace: Workspace) -> int:
    """Take the examples away, and their network when nothing else uses it; tell how many are left (going out now)."""
    with transaction.atomic():
        examples = Post.objects.filter(workspace=workspace, is_example=True)
        going_out = Delivery.objects.filter(post__in=examples, status__in=MOVING).values("post")
        examples.exclude(pk__in=going_out).delete()
        own = Account.objects.filter(workspace=workspace, platform="rehearsal", remote_id=REMOTE_ID)
        own.filter(deliveries=None).delete()
        boards.touch(workspace.pk)
        return examples.count()


def _when(days: int, at: time | None, author: User, now: datetime) -> When:
    zone = str(author.timezone)
    if at is None:
        return When.at(now.replace(second=0, microsecond=0) + SOON, zone)
    today = wall_clock.to_local(now, zone)[0].date()
    return When(datetime.combine(today + timedelta(days=days), at), zone)


def _write(account: Account, author: User, text: str, when: When, now: datetime) -> None:
    composed = Composed(text, [account], when=when)
    written_at = min(now, when.instant - timedelta(days=1))
    post = posts.schedule(None, account.workspace, author, composed, now=written_at)
    Post.objects.filter(pk=post.pk).update(is_example=True)
    if when.instant < now:
        _pretend_published(post.deliveries.get(), when.instant)


def _pretend_published(delivery: Delivery, at: datetime) -> None:
    """The same two moves that a worker makes, inside the transaction: no worker ever sees it due."""
    sent_at = at + timedelta(milliseconds=40)
    move_to(delivery, Status.PUBLISHING, token="example", lease_until=sent_at, marked_at=at, sent_at=sent_at)
    move_to(
        delivery, Status.PUBLISHED, token="", lease_until=None, due_at=None, settled_at=sent_at, remote_id="example"
    )
    Attempt.objects.create(
        delivery=delivery, number=1, marked_at=at, sent_at=sent_at, ended_at=sent_at, outcome=Attempt.Outcome.PUBLISHED
    )
