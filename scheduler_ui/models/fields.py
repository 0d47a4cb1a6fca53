import secrets
from datetime import datetime

from django.db import models


def new_public_id() -> str:
    return secrets.token_urlsafe(12)


class PublicIdField(models.CharField):
    """The unguessable name of a row in every URL."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 16, "default": new_public_id, "unique": True, "editable": False} | options)


class WallClockField(models.CharField):
    """A naive local datetime, kept as ISO text: no database may shift it into a zone."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 19} | options)

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        return datetime.fromisoformat(value) if isinstance(value, str) and value else value or None

    def get_prep_value(self, value):
        value = self.to_python(value)
        if value is None:
            return None
        if value.tzinfo is not None:
            raise ValueError("A wall-clock time has no zone of its own.")
        return value.isoformat(timespec="seconds")
