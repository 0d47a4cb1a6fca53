import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui import checks
from scheduler_ui.domain import setup_links, zone_data
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import upgrades


class Command(BaseCommand):
    help = "Bring the database, the cache table and the static files up to date. Does nothing where nothing is to do."
    # They read the whole program; `make check` does that, and a start need not wait for it.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--backed-up", action="store_true", help="upgrade without a backup of its own")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            upgrades.upgrade(timezone.now(), self.stderr.write, is_backed_up=options["backed_up"])
        except Refused as error:
            raise CommandError(str(error)) from None
        self._collect_static()
        zone_data.catch_up(timezone.now())
        for warning in checks.media_on_one_disk():
            self.stderr.write(f"{warning.msg} {warning.hint}")
        if setup_links.is_needed():
            self.stdout.write("Make the first user here (the link works once):")
            call_command("setup_link", stdout=self.stdout)

    def _collect_static(self) -> None:
        mark = settings.STATIC_ROOT.with_suffix(".sha256")
        fingerprint = self._fingerprint()
        if settings.STATIC_ROOT.is_dir() and mark.is_file() and mark.read_text() == fingerprint:
            return
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        mark.write_text(fingerprint)

    def _fingerprint(self) -> str:
        files = [
            f"{path} {(found := Path(storage.path(path)).stat()).st_size} {found.st_mtime_ns}"
            for finder in get_finders()
            for path, storage in finder.list([])
        ]
        return hashlib.sha256("\n".join([settings.STATIC_ROOT.as_posix(), *sorted(files)]).encode()).hexdigest()
