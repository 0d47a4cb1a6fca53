"""The database of one moment as a SQLite file, whatever kind is in use."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.models import FileField, Model

from scheduler_ui.upkeep import databases, tables


@contextmanager
def taken(folder: Path) -> Iterator[Path]:
    """Without sign-ins: whoever reads a backup must not be able to come in with it."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as scratch:
        path = Path(scratch) / "database.sqlite3"
        _copy_sqlite(path) if connection.vendor == "sqlite" else _copy_rows(path)
        yield path


def _copy_sqlite(path: Path) -> None:
    """SQLite's own online backup: all of one moment, while others read and write."""
    name = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(name, timeout=20)) as live, closing(sqlite3.connect(path)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA secure_delete = ON")
        copy.execute("PRAGMA journal_mode = DELETE")
        names = {row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in sorted((databases.SIGN_INS | databases.NOT_KEPT | {"cache"}) & names):
            copy.execute(f'DELETE FROM "{table}"')
        copy.commit()


def _copy_rows(path: Path) -> None:
    """Any other kind, table by table, all of one moment."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = databases.nodes()
        with databases.opened("snapshot", databases.file(path)) as alias:
            databases.bring_to(alias, found)
            models = databases.models(found)
            tables.empty(models, alias)
            for model in models:
                if model._meta.db_table not in databases.SIGN_INS:
                    tables.copy(model, "default", alias, lambda *_: None)
            connections[alias].check_constraints()


def media_of(models: list[type[Model]], alias: str) -> Iterator[str]:
    """The name of every file that a row points to."""
    for model in models:
        for field in model._meta.concrete_fields:
            if isinstance(field, FileField):
                names = model._base_manager.using(alias).exclude(**{field.attname: ""})
                yield from names.values_list(field.attname, flat=True).order_by("pk").iterator()
