import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from scheduler_ui.domain import demo


class Command(BaseCommand):
    help = "Fill the database with a workspace that looks alive; run again, it adds what goes out next."

    def handle(self, *args: Any, **options: Any) -> None:
        password = self._password()
        demo.seed(password, timezone.now())
        self.stdout.write(f"Sign in as {demo.OPERATOR} with the password {password}")
        self.stdout.write(f"(or as {demo.SECOND}, with the same one, to see New York's clock)")

    def _password(self) -> str:
        """Made once and kept beside the data, so that it stays the same from one start to the next."""
        path = Path(settings.DATA_DIR) / "demo_password"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(9))
        return path.read_text()
