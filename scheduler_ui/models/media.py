from django.conf import settings
from django.db import models

from scheduler_ui.models.fields import PublicIdField
from scheduler_ui.models.workspace import Workspace


def media_path(media: "Media", filename: str) -> str:
    # The person's file name never reaches the disk.
    return f"media/{media.public_id}{filename[filename.rfind('.') :]}"


class Media(models.Model):
    """An uploaded picture (re-encoded) or MP4."""

    class Kind(models.TextChoices):
        IMAGE = "image"
        VIDEO = "video"

    public_id = PublicIdField()
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="media")
    kind = models.CharField(max_length=5, choices=Kind)
    file = models.FileField(upload_to=media_path)
    thumbnail = models.FileField(upload_to="thumbnails/", blank=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=40)
    bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    seconds = models.FloatField(null=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
