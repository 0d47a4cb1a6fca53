"""The whole database into an empty one of another kind: resumable, verified row by row, and the old one left safe."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.utils.translation import gettext as _
from environ import Env

from scheduler_ui.domain import restore_mode
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import databases, running, snapshots, tables

TARGET = "target"
# There while a copy is under way, so that nobody starts on half of one.
MARK = "punctual_copy"
MADE, VERIFIED = 1, 2
BLOCK = 1 << 20


def copy(url: str, now: datetime, tell: tables.Tell) -> list[tables.Copied]:
    """Copy everything to `url`, or the rest of it. The caller sees to it that nothing runs here. Raises Refused."""
    if databases.pending():
        raise Refused(_("This database is older than the program: start Punctual once first, it brings it up to date."))
    with _target(url), running.no_workers(now, TARGET):
        models = databases.models(databases.nodes())
        stage = _begin(models)
        # Verified, and then cut off before the old one was made safe: it may have been at work since.
        if stage < VERIFIED or restore_mode.state() is None:
            _copy(models, tell)
        # Whoever starts the old database once more must not send what the new one has sent.
        restore_mode.begin(now, now)
        copied = [tables.fingerprint(model, TARGET) for model in models]
        _execute(f"DROP TABLE {MARK}")
    return copied


def _copy(models: list[Any], tell: tables.Tell) -> None:
    for model in models:
        tables.copy(model, "default", TARGET, tell)
    for model in models:
        tables.verify(model, "default", TARGET)
    connections[TARGET].check_constraints()
    tables.reset_sequences(models, TARGET)
    _execute(f"UPDATE {MARK} SET stage = {VERIFIED}")


def is_half_copied(alias: str = "default") -> bool:
    return databases.is_there(alias) and MARK in connections[alias].introspection.table_names()


def copy_media(folder: str, tell: tables.Tell) -> tuple[int, int, list[str]]:
    """Every file that a row points to from a folder into the store in use; tell files, bytes, and who is missing."""
    source, done, size, missing = FileSystemStorage(location=folder), 0, 0, []
    names = sorted(set(snapshots.media_of(databases.models(databases.nodes()), "default")))
    for name in names:
        if not source.exists(name):
            missing.append(name)
            continue
        if not _is_same(source, default_storage, name):
            _send(source, name)
        done, size = done + 1, size + source.size(name)
        tell("media", done, len(names))
    return done, size, missing


def _send(source: Storage, name: str) -> None:
    with source.open(name) as file:
        default_storage.delete(name)
        kept = default_storage.save(name, file)
    if kept != name or not _is_same(source, default_storage, name):
        raise Refused(_("%(name)s is not the same in the target.") % {"name": name})


def _is_same(one: Storage, other: Storage, name: str) -> bool:
    """Byte by byte, read from both."""
    if not other.exists(name) or one.size(name) != other.size(name):
        return False
    with one.open(name) as mine, other.open(name) as theirs:
        while block := mine.read(BLOCK):
            if theirs.read(len(block)) != block:
                return False
    return True


@contextmanager
def _target(url: str) -> Iterator[None]:
    try:
        settings: dict[str, Any] = Env.db_url_config(url)
        known = settings.get("ENGINE", "").startswith("django.db.backends.")
    except (ImproperlyConfigured, ValueError, KeyError):
        known = False
    if not known:
        # Without the value: it may hold a password.
        raise Refused(_("The address must be like postgres://USER:PASSWORD@HOST:5432/NAME."))
    if _place(settings) == _place(connection.settings_dict):
        raise Refused(_("That is the database in use."))
    with databases.opened(TARGET, settings):
        try:
            connections[TARGET].ensure_connection()
        except DatabaseError as error:
            raise Refused(_("The target cannot be reached: %(error)s") % {"error": str(error).strip()}) from None
        yield


def _place(settings: dict[str, Any]) -> list[str]:
    kind = str(settings["ENGINE"]).rpartition(".")[2]  # ours is Django's with a better pool
    return [kind, *(str(settings.get(key) or "") for key in ("HOST", "PORT", "NAME"))]


def _begin(models: list[Any]) -> int:
    """An empty database gets its tables; one with half a copy is gone on with; any other is refused."""
    if not is_half_copied(TARGET):
        _refuse_filled(models)
        _execute(f"CREATE TABLE {MARK} (stage integer)")
    if not (stage := _execute(f"SELECT stage FROM {MARK}")):
        call_command("migrate", database=TARGET, verbosity=0, interactive=False)
        tables.empty(models, TARGET)
        _execute(f"INSERT INTO {MARK} VALUES ({MADE})")
    return stage


def _refuse_filled(models: list[Any]) -> None:
    ours = {model._meta.db_table for model in models} | databases.NOT_KEPT | {"django_migrations", "cache"}
    others = set(connections[TARGET].introspection.table_names()) - ours
    if others:
        words = {"names": ", ".join(sorted(others)[:5])}
        raise Refused(_("The target holds tables of something else: %(names)s.") % words)
    if databases.has_people(TARGET):
        raise Refused(_("The target is not empty. Nothing was changed there."))


def _execute(statement: str) -> int:
    with connections[TARGET].cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else 0
