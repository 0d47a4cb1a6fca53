from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui.domain import restore_mode
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import restores, running


class Command(BaseCommand):
    help = (
        "Put a backup in place and enter restore mode: what may have gone out since is looked for before it is sent. "
        "For a database that was restored by other means: --mode and the moment it is from."
    )
    # What is there may be broken; that is no reason not to replace it.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", metavar="FILE", nargs="?", type=Path)
        what.add_argument(
            "--mode", metavar="TIME", help="enter restore mode: 2026-11-23T09:00:00+00:00, UTC by default"
        )
        what.add_argument("--done", action="store_true", help="end restore mode")
        what.add_argument("--state", action="store_true", help="say how it stands")
        parser.add_argument("--replace", action="store_true", help="put the data that is there beside")
        parser.add_argument("--unseen", action="store_true", help="with --done: although not all was looked for")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["done"]:
                self._end(options["unseen"])
            elif options["mode"]:
                self._enter(options["mode"])
            elif options["state"]:
                self._say_state()
            else:
                self._restore(options["file"], options["replace"])
        except Refused as error:
            raise CommandError(str(error)) from None

    def _restore(self, path: Path, replace: bool) -> None:
        now = timezone.now()
        with running.stopped(now):
            done = restores.restore(path, now, replace=replace)
        archive = done.archive
        self.stdout.write(
            f"Restored {archive.rows} rows and {archive.media} media files of {archive.moment:%F %T} UTC."
        )
        if done.beside:
            self.stdout.write(f"What was here before is in {done.beside}.")
        if done.unreadable:
            self.stdout.write(f"Under keys that are not here, to be connected again: {done.unreadable} accounts.")
            self.stdout.write("With the old token_keys in DATA_DIR (or TOKEN_KEYS), they work as they are.")
        self._say_held(done.held)

    def _enter(self, text: str) -> None:
        now = timezone.now()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refused("The time must be like 2026-11-23T09:00:00+00:00.") from None
        moment = moment if moment.tzinfo else timezone.make_aware(moment)
        if moment > now:
            raise Refused("That moment has not come yet.")
        with running.stopped(now):
            self._say_held(restore_mode.begin(moment, now))

    def _say_held(self, held: int) -> None:
        self.stdout.write(f"Restore mode is on: {held} deliveries are held until a worker has looked for each.")
        self.stdout.write("Start Punctual, wait for `restore --state`, then end it: `manage.py restore --done`.")

    def _say_state(self) -> None:
        mode = restore_mode.state()
        if mode is None:
            self.stdout.write("Restore mode is off.")
            return
        self.stdout.write(f"Restore mode is on, from a backup of {mode.moment:%F %T} UTC.")
        self.stdout.write(f"still to be looked for: {mode.unlooked}")
        self.stdout.write(f"later, where no network can be asked: {mode.unaskable} (they go out once it is ended)")

    def _end(self, unseen: bool) -> None:
        freed = restore_mode.end(even_so=unseen)
        self.stdout.write(f"Restore mode is off. Let go by your word: {freed}.")
