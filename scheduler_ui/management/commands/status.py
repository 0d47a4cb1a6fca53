from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils import timezone

from scheduler_ui.domain import health


class Command(BaseCommand):
    help = "Say whether posts go out; exit 1 when no worker beats or posts are overdue."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            found = health.look(now)
        except Error as error:
            raise CommandError(f"The database cannot be reached: {error}", returncode=1) from error
        beat = f"{(now - found.beat_at).total_seconds():.0f} s ago" if found.beat_at else "never"
        self.stdout.write(f"last beat of a worker: {beat}")
        self.stdout.write(f"overdue: {found.overdue}")
        self.stdout.write(f"next due: {found.next_due_at.isoformat() if found.next_due_at else 'nothing'}")
        self.stdout.write(f"queue: {'away; posts go out without it' if is_queue_away(found) else 'there'}")
        if not found.is_worker_alive:
            raise CommandError("No worker is running: start one with `make run` or `manage.py run_huey`.", returncode=1)
        if found.overdue:
            raise CommandError(f"{found.overdue} deliveries are overdue: `manage.py why POST` says why.", returncode=1)


def is_queue_away(found: health.Health) -> bool:
    """What the workers say, or what this process finds for itself."""
    return found.is_queue_away or not settings.HUEY.answers()
