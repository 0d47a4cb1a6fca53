from django.db import models
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models.account import Account
from scheduler_ui.models.delivery import Delivery
from scheduler_ui.models.fields import PublicIdField
from scheduler_ui.models.workspace import Workspace


class Notice(models.Model):
    """Something a person should know: shown under the bell, and mailed where mail is set."""

    class Kind(models.TextChoices):
        FAILED = "failed", _("A post failed")
        MISSED = "missed", _("A post was missed")
        ASKED = "asked", _("Punctual must ask")
        ACCOUNT = "account", _("An account is lost")
        WORKER = "worker", _("No worker is running")
        MOVED = "moved", _("Posts have moved")
        HELD = "held", _("A post is held")
        DIGEST = "digest", _("After an outage")
        CLOCK = "clock", _("A clock is wrong")

    public_id = PublicIdField()
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    title = models.CharField(max_length=200)
    body = models.CharField(max_length=600, blank=True)
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, blank=True, related_name="notices")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="notices")
    # The same event told twice (a worker may die between any two lines) is one notice.
    event_key = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at"], name="notice_created"),
            models.Index(fields=["workspace", "id"], name="notice_bell"),
        ]

    def __str__(self) -> str:
        return self.title
