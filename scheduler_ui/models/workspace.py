from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from scheduler_ui.models.fields import PublicIdField


class LateThen(models.TextChoices):
    """What becomes of a post that is later than its late policy allows."""

    ASK = "ask", _("Ask me")
    SKIP = "skip", _("Skip it")


class Workspace(models.Model):
    """Who owns accounts, posts and media; every query starts from one."""

    public_id = PublicIdField()
    name = models.CharField(max_length=80)
    timezone = TimeZoneField(default="UTC", use_pytz=False)
    late_minutes = models.PositiveIntegerField(default=60)
    late_then = models.CharField(max_length=4, choices=LateThen, default=LateThen.ASK)
    is_paused = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Goes up with everything that a page shows: a poll compares it and is done.
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MEMBER = "member", _("Member")


class Membership(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role, default=Role.MEMBER)
    notices_read_to = models.BigIntegerField(default=0)
    notices_mailed_to = models.BigIntegerField(default=0)
    has_hidden_steps = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "workspace"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"


class Invite(models.Model):
    """A link that lets one person join; only the token's SHA-256 is kept."""

    public_id = PublicIdField()
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invites")
    role = models.CharField(max_length=6, choices=Role, default=Role.MEMBER)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.role} of {self.workspace}"
