from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models.delivery import Delivery


class Attempt(models.Model):
    """One call to a platform about one delivery: a send, a look-up or a question after its handle."""

    class Kind(models.TextChoices):
        SEND = "send", _("Attempt")
        LOOKUP = "lookup", _("Look-up")
        FOLLOW = "follow", _("Look-up")
        PREPARE = "prepare", _("Preparation")

    class Outcome(models.TextChoices):
        OPEN = "", _("open")
        PUBLISHED = "published", _("published")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")
        UNAUTHORIZED = "unauthorized", _("unauthorized")
        UNAVAILABLE = "unavailable", _("unavailable")
        UNCONFIRMED = "unconfirmed", _("unconfirmed")
        ABSENT = "absent", _("absent")

    # The unique constraint's index begins with it.
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempts", db_index=False)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.SEND)
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=32, blank=True)
    # When it was to be made: after scheduled_for where something had moved it.
    due_at = models.DateTimeField(null=True, blank=True)
    marked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True, default=Outcome.OPEN)
    error = models.CharField(max_length=500, blank=True)
    answer = models.TextField(blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    # Of an answer that says where it is: a second one for the same delivery is a post that went out twice.
    remote_id = models.CharField(max_length=300, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    worker_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["delivery", "kind", "number"], name="one_attempt_per_number")]
        # What was sent again, a small part: a month's record counts it.
        indexes = [
            models.Index(fields=["marked_at"], condition=Q(kind="send", number__gt=1), name="attempt_again"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of {self.delivery_id}"
