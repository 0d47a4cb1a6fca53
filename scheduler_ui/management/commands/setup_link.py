from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from scheduler_ui.domain import setup_links


class Command(BaseCommand):
    help = "Print the one-time link that makes the first user."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not setup_links.is_needed():
            raise CommandError(_("There is a user already. They invite others on the settings page."))
        self.stdout.write(f"{settings.BASE_URL}/setup/{setup_links.token()}/")
