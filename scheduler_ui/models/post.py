from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from scheduler_ui.models.fields import PublicIdField, WallClockField
from scheduler_ui.models.media import Media
from scheduler_ui.models.workspace import LateThen, Workspace


class Post(models.Model):
    """What the author wrote, and the wall-clock time and zone they want it out. It has no status of its own."""

    class Fold(models.TextChoices):
        """How a local time that does not exist, or exists twice, is read (TIME.md)."""

        COMPATIBLE = "compatible", _("usual")
        EARLIER = "earlier", _("earlier")
        LATER = "later", _("later")

    public_id = PublicIdField()
    # Without an index of its own: it is the first column of those below.
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="posts", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="posts")
    text = models.TextField(blank=True)
    local_time = WallClockField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    fold = models.CharField(max_length=10, choices=Fold, default=Fold.COMPATIBLE)
    # local_time in timezone, as UTC: where the calendar puts it. NULL: a draft without a time.
    scheduled_for = models.DateTimeField(null=True, blank=True)
    # The late policy of this post; NULL and '' leave it to the workspace's.
    late_minutes = models.PositiveIntegerField(null=True, blank=True)
    late_then = models.CharField(max_length=4, choices=LateThen, blank=True, default="")
    tzdata_version = models.CharField(max_length=10, blank=True)
    # Chosen by the browser when the form opens, so that a form sent twice makes one post.
    client_key = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - NULLs are not unique
    # Kept, and not armed since: where drafts are looked for. Which of its deliveries still are, these say themselves.
    is_draft = models.BooleanField(default=True)
    is_example = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "client_key"], name="one_post_per_form")]
        indexes = [
            models.Index(fields=["workspace", "scheduled_for"], name="post_calendar"),
            models.Index(
                fields=["workspace", "id"],
                condition=models.Q(is_draft=True, deleted_at__isnull=True),
                name="post_drafts",
            ),
            models.Index(fields=["workspace"], condition=models.Q(is_example=True), name="post_examples"),
            models.Index(
                fields=["workspace", "deleted_at", "id"],
                condition=models.Q(deleted_at__isnull=False),
                name="post_trash",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]


class PostMedia(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="attachments")
    media = models.ForeignKey(Media, models.PROTECT, related_name="attachments")
    position = models.PositiveSmallIntegerField()
    alt = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["post", "media"], name="one_attachment")]

    def __str__(self) -> str:
        return f"{self.media} of {self.post}"


class Event(models.Model):
    """One line of a post's history: who did what. `kind` names the sentence, `data` fills it."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="events")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=20)
    data = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        # A month's record counts these, which stay true whatever becomes of the post later.
        indexes = [models.Index(fields=["at"], condition=models.Q(kind__in=["missed", "asked"]), name="event_slip")]

    def __str__(self) -> str:
        return self.kind
