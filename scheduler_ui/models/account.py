from django.db import models
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models.fields import PublicIdField
from scheduler_ui.models.workspace import Workspace


class Account(models.Model):
    """One profile on one platform that we may publish to."""

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        RECONNECT = "reconnect", _("Reconnect")
        DISCONNECTED = "disconnected", _("Disconnected")

    class Blind(models.TextChoices):
        """What to do on a BLIND platform when the answer was lost."""

        ASK = "ask", _("Ask me")
        AGAIN = "again", _("Send again")
        SENT = "sent", _("Count as sent")

    public_id = PublicIdField()
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="accounts")
    platform = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=200)
    handle = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500, blank=True)
    avatar = models.FileField(upload_to="avatars/", blank=True)
    colour = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.CONNECTED)
    state_reason = models.CharField(max_length=500, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)
    # Sealed by domain/vault.py; settings is what may be shown.
    secrets = models.TextField(blank=True)
    settings = models.JSONField(default=dict, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    blind_choice = models.CharField(max_length=5, choices=Blind, default=Blind.ASK)
    # The runaway brake: sends within an hour beyond which the next is held. NULL: the setting's number; 0: no brake.
    hourly_cap = models.PositiveIntegerField(null=True, blank=True)
    waits_until = models.DateTimeField(null=True, blank=True)
    followers = models.BigIntegerField(null=True, blank=True)
    posts_count = models.BigIntegerField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    sync_error = models.CharField(max_length=500, blank=True)
    token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    connected_by = models.ForeignKey("scheduler_ui.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "platform", "remote_id"], name="one_account_per_profile"),
            # A feed's address belongs to the whole installation.
            models.UniqueConstraint(
                fields=["remote_id"], condition=models.Q(platform="feed"), name="one_feed_per_address"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.handle

    @property
    def is_connected(self) -> bool:
        return self.state == self.State.CONNECTED


class RehearsalArrival(models.Model):
    """One request that reached the rehearsal network; rows are only ever added."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="arrivals")
    at = models.DateTimeField()
    key = models.CharField(max_length=64)
    text = models.TextField()
    behaviour = models.CharField(max_length=20)
    is_accepted = models.BooleanField()
    remote_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-at"], name="arrival_by_account")]

    def __str__(self) -> str:
        return f"{self.key} at {self.at}"
