"""Settings that work, though perhaps not as they are meant; `manage.py check --deploy` and a start say so."""

from typing import Any

from django.conf import settings
from django.core import checks

ON_DISK = "django.core.files.storage.FileSystemStorage"


def media_on_one_disk(**_: Any) -> list[checks.CheckMessage]:
    """On servers, but pictures lie where only one machine can read them: right as long as there is only one."""
    if not settings.IS_GROWN or settings.STORAGES["default"]["BACKEND"] != ON_DISK:
        return []
    words = "Pictures and videos are kept on this machine's own disk, where no other machine can read them."
    hint = "Set S3_BUCKET and what belongs to it (docs/growing.md, part 6), unless all runs on this one machine."
    return [checks.Warning(words, hint, id="punctual.W001")]
