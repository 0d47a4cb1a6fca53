from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import archives


class Command(BaseCommand):
    help = (
        "Write database and media into one file, while everything runs, and read it again before it gets its name. "
        "Without --with-keys nobody can use the accounts' sign-ins with it: keep DATA_DIR/token_keys somewhere else."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help="default: DATA_DIR/backups/…zip")
        parser.add_argument(
            "--with-keys", action="store_true", help="put the keys in too: keep such a file locked away"
        )
        parser.add_argument("--without-media", action="store_true", help="the database alone")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        path = options["file"] or Path(settings.DATA_DIR) / "backups" / f"punctual-{now:%Y%m%d-%H%M%S}.zip"
        parts = archives.Parts(media=not options["without_media"], keys=options["with_keys"])
        try:
            archive = archives.write(path, now, parts)
        except Refused as error:
            raise CommandError(str(error)) from None
        size = path.stat().st_size / 1_000_000
        self.stdout.write(f"{path}: {archive.rows} rows, {archive.media} media files, {size:.1f} MB, verified.")
        for name in archive.missing:
            self.stderr.write(f"Not in it, for it is not where it should be: {name}")
        if archive.has_keys:
            self.stdout.write("The keys are in it: whoever has this file can publish to every account.")
        else:
            self.stdout.write("The keys are not in it. Without token_keys, accounts must be connected again.")
