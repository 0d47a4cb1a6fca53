import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import moves, running, tables

OFTEN = 10_000
ANEW = "Was Punctual at work here since it began? Then make the target anew (dropdb, createdb) and call this again."


class Command(BaseCommand):
    help = (
        "Copy the whole database to an empty one, say on PostgreSQL, verified row by row; after an interruption "
        "call it again and it goes on. With S3 settings the media go there too. Nothing may run meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", metavar="URL", nargs="?", help="postgres://…; default: the variable COPY_TO")
        parser.add_argument(
            "--media", action="store_true", help="only the media, from DATA_DIR to the S3 settings' store"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # A command line is for everybody on the machine to read, and a URL holds a password.
        url = options["url"] or os.environ.get("COPY_TO", "")
        if not url and not options["media"]:
            raise CommandError("Say where to: manage.py copy_to postgres://USER:PASSWORD@HOST:5432/NAME")
        try:
            with running.stopped(now := timezone.now()):
                if not options["media"]:
                    self._say(moves.copy(url, now, self._tell))
                self._copy_media(only=options["media"])
        except tables.Different as error:
            raise CommandError(f"{error} {ANEW}") from None
        except Refused as error:
            raise CommandError(str(error)) from None

    def _tell(self, table: str, done: int, total: int) -> None:
        if done == total or done % OFTEN == 0:
            self.stdout.write(f"{table}: {done} of {total}")
            self.stdout.flush()

    def _say(self, copied: list[tables.Copied]) -> None:
        rows = sum(table.rows for table in copied)
        self.stdout.write(f"Copied and compared on both sides: {rows} rows of {len(copied)} tables.")
        self.stdout.write("The new database is ready: set DATABASE_URL and REDIS_URL, and SECRET_KEY, TOKEN_KEYS and")
        self.stdout.write(
            f"QUEUE_KEYS to what the files secret_key, token_keys and queue_keys in {settings.DATA_DIR} hold."
        )
        self.stdout.write("The old one is in restore mode, so that nothing goes out twice should it be started again.")

    def _copy_media(self, *, only: bool) -> None:
        if settings.STORAGES["default"]["BACKEND"].endswith("FileSystemStorage"):
            words = "Media stay in the folder media. For several machines set S3_BUCKET and the other S3 settings,"
            if only:
                raise CommandError("There is no S3 store in the settings: set S3_BUCKET and its keys.")
            self.stdout.write(f"{words} then: manage.py copy_to --media")
            return
        files, size, missing = moves.copy_media(str(settings.MEDIA_ROOT), self._tell)
        self.stdout.write(f"Media in the store, compared byte by byte: {files} files, {size / 1_000_000:.1f} MB.")
        for name in missing:
            self.stderr.write(f"Not there to be copied: {name}")
