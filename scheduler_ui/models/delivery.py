from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from django.db import models
from django.db.models import F, Q

from scheduler_ui.models.account import Account
from scheduler_ui.models.fields import PublicIdField
from scheduler_ui.models.post import Post
from scheduler_ui.models.readers import Reader
from scheduler_ui.models.rows import Look, Update, update_row
from scheduler_ui.models.states import ARROWS, OUT, Hold, Status
from scheduler_ui.models.tabs import tab_of_row
from scheduler_ui.models.workspace import Workspace


class Delivery(models.Model):
    """One post to one account: the unit of work."""

    public_id = PublicIdField()
    # Without indexes of their own: each is the first column of one below, and an index is written twice for each post.
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="deliveries", db_index=False)
    post = models.ForeignKey(Post, models.CASCADE, related_name="deliveries", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="deliveries", db_index=False)
    # NULL: the post's text.
    text = models.TextField(null=True, blank=True)  # noqa: DJ001 - an empty own text is a text
    status = models.CharField(max_length=12, choices=Status, default=Status.DRAFT)
    hold_reason = models.CharField(max_length=10, choices=Hold, blank=True, default=Hold.NONE)
    # Missed, and its late policy said then that nobody is to be asked.
    is_skipped = models.BooleanField(default=False)
    # The hold that kept it past its time, once that is lifted.
    held_for = models.CharField(max_length=10, choices=Hold, blank=True, default=Hold.NONE)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    # A person has said that the runaway brake is not meant for this one.
    is_brake_waived = models.BooleanField(default=False)
    # Of the text that was claimed, so that the same words to the same account are noticed.
    text_sha256 = models.CharField(max_length=64, blank=True)
    # Goes up with every change by a person: what was prepared or offered for an older one is void.
    version = models.PositiveIntegerField(default=1)
    queued_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    lookups = models.PositiveSmallIntegerField(default=0)
    prepared = models.JSONField(null=True, blank=True)
    payload = models.JSONField(null=True, blank=True)
    handle = models.JSONField(null=True, blank=True)
    remote_id = models.CharField(max_length=300, blank=True)
    remote_url = models.URLField(max_length=500, blank=True)
    marked_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # From scheduled_for to sent_at, of the send that went out; written by move_to, NULL where nobody knows.
    late_ms = models.BigIntegerField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Computed by the database with every write; an object in hand has it as it was read.
    tab = models.GeneratedField(expression=tab_of_row(), output_field=models.CharField(max_length=10), db_persist=True)

    # False where in_full has looked and there is none.
    has_media = True
    # By the steady clock: so long whoever has read it need not read it again.
    is_read_until = 0.0

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["post", "account"], name="one_delivery_per_account"),
            models.CheckConstraint(
                condition=~Q(status__in=["scheduled", "retrying", "publishing", "processing"])
                | Q(due_at__isnull=False, scheduled_for__isnull=False),
                name="machine_work_is_due",
            ),
            models.CheckConstraint(
                condition=~Q(status="publishing") | (~Q(token="") & Q(lease_until__isnull=False)),
                name="publishing_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False, hold_reason=""), name="delivery_due"),
            # What every open page asks every few seconds: the next thing due here.
            models.Index(
                fields=["workspace", "due_at"], condition=Q(due_at__isnull=False, hold_reason=""), name="delivery_next"
            ),
            # The queue: a page is read in its order, a count from the index alone.
            models.Index(fields=["workspace", "tab", "scheduled_for", "id"], name="delivery_tab"),
            models.Index(fields=["workspace", "account", "tab", "scheduled_for", "id"], name="delivery_of_account"),
            # late_ms: a month's record is read from the index alone.
            models.Index(fields=["workspace", "status", "scheduled_for", "late_ms"], name="delivery_record"),
            models.Index(fields=["account", "remote_id"], name="delivery_remote"),
            models.Index(
                fields=["account", "hold_reason", "due_at"], condition=~Q(hold_reason=""), name="delivery_held"
            ),
            # What an account has sent lately: the runaway brake counts it.
            models.Index(fields=["account", "marked_at"], condition=Q(marked_at__isnull=False), name="delivery_marked"),
            models.Index(fields=["account", "text_sha256"], condition=~Q(text_sha256=""), name="delivery_repeat"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} to {self.account}"

    @classmethod
    def in_full(cls, pk: int) -> "Delivery | None":
        """The row with its account, post and workspace, in one query and a fraction of the ORM's time."""
        return _in_full().read(pk)

    @property
    def content(self) -> str:
        return self.post.text if self.text is None else self.text


@cache
def _in_full() -> Reader:
    media = "EXISTS (SELECT 1 FROM scheduler_ui_postmedia WHERE post_id = scheduler_ui_post.id)"
    return Reader(Delivery, ("account", "post", "workspace"), {"has_media": media})


class IllegalMove(Exception):
    """A status change that DESIGN.md's table does not have."""


class Move:
    """One row's change of status, to be made if status, version and the `fence` fields are still as they were read.

    `then` is written with it: a new row, or another's update.
    """

    def __init__(
        self,
        delivery: Delivery,
        status: str,
        *,
        fence: tuple[str, ...] = ("token",),
        then: models.Model | Update | None = None,
        **changes,
    ):
        _check(delivery.status, status)
        if status in OUT:
            changes["late_ms"] = _late_ms(delivery.scheduled_for, changes.get("sent_at", delivery.sent_at))
        as_read = {name: getattr(delivery, name) for name in ("status", "version", *fence)}
        self.delivery, self.changes = delivery, {"status": status} | changes
        self.update = Update(Delivery, delivery.pk, self.changes, as_read, then)

    def after(self, look: Look) -> "Move":
        """The same, if the look allows it."""
        other = copy(self)
        other.update = replace(self.update, look=look)
        return other

    def make(self) -> bool:
        return self.made(update_row(self.update))

    def made(self, is_changed: bool) -> bool:
        """Whether it was; then the object in hand carries the changes too."""
        if is_changed:
            for name, value in self.changes.items():
                setattr(self.delivery, name, value)
        return is_changed


def move_to(delivery: Delivery, status: str, *, fence: tuple[str, ...] = ("token",), **changes) -> bool:
    """Make a Move at once, and tell whether the row was as it had been read."""
    return Move(delivery, status, fence=fence, **changes).make()


def move_many(deliveries, source: str, status: str, **changes) -> int:
    """Change every row of a queryset that is still in `source`, void what was offered for it; tell how many."""
    _check(source, status)
    return deliveries.filter(status=source).update(status=status, version=F("version") + 1, **changes)


def _late_ms(scheduled_for: datetime | None, sent_at: datetime | None) -> int | None:
    if scheduled_for is None or sent_at is None:
        return None
    return (sent_at - scheduled_for) // timedelta(milliseconds=1)


def _check(source: str, target: str) -> None:
    if target not in ARROWS[Status(source)]:
        raise IllegalMove(f"{source} to {target}")
