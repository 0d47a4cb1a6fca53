"""What a delivery may be, which arrows there are, and why one may be held."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHING = "publishing", _("Publishing")
    PROCESSING = "processing", _("Processing")
    PUBLISHED = "published", _("Published")
    RETRYING = "retrying", _("Retrying")
    UNCONFIRMED = "unconfirmed", _("Is it out?")
    FAILED = "failed", _("Failed")
    MISSED = "missed", _("Missed")
    CANCELED = "canceled", _("Canceled")


WAITING = frozenset({Status.SCHEDULED, Status.RETRYING})
MOVING = frozenset({Status.PUBLISHING, Status.PROCESSING})
ENDED = frozenset({Status.FAILED, Status.MISSED, Status.CANCELED})
OUT = frozenset({Status.PROCESSING, Status.PUBLISHED})
STARTED = frozenset({Status.PUBLISHING, Status.PROCESSING, Status.PUBLISHED, Status.UNCONFIRMED})

ARROWS = {
    Status.DRAFT: {Status.SCHEDULED},
    Status.SCHEDULED: {
        Status.PUBLISHING,
        Status.FAILED,
        Status.RETRYING,
        Status.MISSED,
        Status.CANCELED,
        Status.DRAFT,
        # The database is from a backup: the same delivery may have gone out after it was made.
        Status.UNCONFIRMED,
    },
    Status.RETRYING: {
        Status.PUBLISHING,
        Status.FAILED,
        Status.RETRYING,
        Status.MISSED,
        Status.CANCELED,
        # By a person: a new time, or back to a draft. Nothing has gone out.
        Status.SCHEDULED,
        Status.DRAFT,
        # As above.
        Status.UNCONFIRMED,
    },
    Status.PUBLISHING: {Status.PUBLISHED, Status.PROCESSING, Status.RETRYING, Status.FAILED, Status.UNCONFIRMED},
    Status.PROCESSING: {Status.PUBLISHED, Status.FAILED, Status.UNCONFIRMED},
    Status.UNCONFIRMED: {Status.PUBLISHED, Status.RETRYING, Status.FAILED, Status.SCHEDULED},
    # Canceled: dropped by a person who wants to hear no more of it.
    Status.FAILED: {Status.SCHEDULED, Status.CANCELED},
    Status.MISSED: {Status.SCHEDULED, Status.CANCELED},
    Status.CANCELED: {Status.SCHEDULED},
    Status.PUBLISHED: set(),
}


class Hold(models.TextChoices):
    """Why a delivery may not be claimed although its status would allow it."""

    NONE = "", _("free")
    PAUSED = "paused", _("paused")
    RECONNECT = "reconnect", _("reconnect")
    BRAKE = "brake", _("brake")
    REPEAT = "repeat", _("same text")
    RESTORED = "restored", _("restored")
    DELETED = "deleted", _("in the trash")
