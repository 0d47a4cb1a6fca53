"""A backup put in place of what is there: whole or not at all, the old data beside it, in restore mode."""

import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils.translation import gettext as _

from project import environment
from scheduler_ui.domain import restore_mode, vault
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Account
from scheduler_ui.upkeep import archives, databases, running, tables

MEDIA = "media/"
KEY_FILES = ("secret_key", "token_keys", "queue_keys")


@dataclass(frozen=True)
class Restored:
    """`beside` says where the old data is, '' when there was none; `unreadable` counts accounts to connect again."""

    archive: archives.Archive
    beside: str
    held: int
    unreadable: int


def restore(path: Path, now: datetime, *, replace: bool) -> Restored:
    """Put a backup in place. The caller sees to it that nothing runs. Raises Refused, and then nothing has changed."""
    archive = archives.read(path)
    if newer := databases.unknown(archive.migrations):
        words = {"version": archive.version, "names": ", ".join(name for _app, name in newer)}
        raise Refused(_("Punctual %(version)s made this backup: upgrade this one first (%(names)s).") % words)
    if not replace and _has_people():
        raise Refused(_("There is data here already. With --replace it is put beside, and the backup in its place."))
    stamp = f"{now:%Y%m%d-%H%M%S}"
    folder = Path(settings.DATA_DIR)
    # Beside the database, so that it takes its place by one rename.
    near = Path(connection.settings_dict["NAME"]).parent if connection.vendor == "sqlite" else folder
    try:
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=near) as scratch:
            fresh = _unpacked(archive, Path(scratch), now)
            _put_media(archive)
            _put_keys(archive, folder)
            beside = _put_file(fresh, stamp) if connection.vendor == "sqlite" else _put_rows(fresh, stamp)
    except (OSError, DatabaseError, tables.Different) as error:
        raise Refused(_("The backup could not be put in place: %(error)s") % {"error": error}) from error
    # No backup holds it, and a start that is none of `make run`'s would not make it.
    call_command("createcachetable", verbosity=0)
    return Restored(archive, beside, restore_mode.begin(archive.moment, now), _unreadable())


def _unpacked(archive: archives.Archive, scratch: Path, now: datetime) -> Path:
    """The backup's database, brought up to this program, and in restore mode before it is anybody's."""
    with zipfile.ZipFile(archive.path) as file:
        fresh = Path(file.extract(archives.DATABASE, scratch))
    fresh.chmod(0o600)
    with databases.opened("restoring", databases.file(fresh)) as alias:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
        restore_mode.note(archive.moment, now, using=alias)
    return fresh


def _has_people() -> bool:
    try:
        return databases.has_people()
    except DatabaseError:  # it cannot be read, and that may be why we are here; it is somebody's all the same
        return True


def _put_file(fresh: Path, stamp: str) -> str:
    """One rename: at every moment there is either the old database or the new one."""
    live = Path(connection.settings_dict["NAME"])
    connections["default"].close()
    beside = live.parent / f"before-restore-{stamp}"
    kept = ""
    if live.exists():
        # A log that stays would be read into the new one; that of a broken database is put beside it.
        running.refuse_open(live)
        beside.mkdir(mode=0o700)
        for suffix in ("-wal", "-shm"):
            if (left := live.with_name(live.name + suffix)).exists():
                shutil.move(left, beside / left.name)
        _keep(live, beside / live.name)
        kept = str(beside)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(live)
    archives.flush_folder(live.parent)
    return kept


def _keep(live: Path, beside: Path) -> None:
    try:
        beside.hardlink_to(live)
    except OSError:  # not every file system has links
        shutil.copy2(live, beside)


def _put_rows(fresh: Path, stamp: str) -> str:
    """All in one transaction: the old tables into a schema of their own, the backup's rows into new ones."""
    schema = f"before_restore_{stamp.replace('-', '_')}"
    with transaction.atomic():
        had_tables = _set_aside(schema)
        call_command("migrate", verbosity=0, interactive=False)
        with databases.opened("restoring", databases.file(fresh)) as alias:
            models = databases.models(databases.nodes(alias))
            tables.empty(models, "default")
            for model in models:
                tables.copy(model, alias, "default", lambda *_: None)
                tables.verify(model, alias, "default")
        tables.reset_sequences(models, "default")
    return _("the schema %(name)s of the database") % {"name": schema} if had_tables else ""


def _set_aside(schema: str) -> bool:
    names = connection.introspection.table_names()
    with connection.cursor() as cursor:
        if names:
            cursor.execute(f'CREATE SCHEMA "{schema}"')
        for name in names:
            cursor.execute(f'ALTER TABLE "{name}" SET SCHEMA "{schema}"')
    return bool(names)


def _put_media(archive: archives.Archive) -> None:
    """Names are chance, so what is there of that name is the same file; nothing old is taken away."""
    with zipfile.ZipFile(archive.path) as file:
        for info in file.infolist():
            name = info.filename.removeprefix(MEDIA)
            if not info.filename.startswith(MEDIA) or _is_there(name, info.file_size):
                continue
            with file.open(info) as content:
                if default_storage.exists(name):
                    default_storage.delete(name)
                default_storage.save(name, File(content, name))


def _is_there(name: str, size: int) -> bool:
    return default_storage.exists(name) and default_storage.size(name) == size


def _put_keys(archive: archives.Archive, folder: Path) -> None:
    """Beside those in use, which are never overwritten. What the environment says stands above the files."""
    if not archive.has_keys:
        return
    with zipfile.ZipFile(archive.path) as file:
        found = {name: file.read(f"keys/{name}").decode().split() for name in KEY_FILES}
    joined = {name: _join_keys(folder / name, keys) for name, keys in found.items()}
    if not environment.text("TOKEN_KEYS"):
        settings.TOKEN_KEYS = joined["token_keys"]


def _join_keys(path: Path, old: list[str]) -> list[str]:
    """The backup's keys open what it holds; those that are in use stay first."""
    mine = path.read_text().split() if path.exists() else []
    keys = mine + [key for key in old if key not in mine]
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(keys))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return keys


def _unreadable() -> int:
    """Accounts whose sign-in was sealed under a key that is not here."""
    count = 0
    for account in Account.objects.exclude(secrets=""):
        try:
            vault.open(account.public_id, account.secrets)
        except vault.Tampered:
            count += 1
    return count
