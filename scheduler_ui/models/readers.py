"""One row by its primary key, with the rows that it points to, in one statement and a fraction of the ORM's time."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import ModelState

from scheduler_ui.models.rows import Often, field_of, quoted, this_database


class Reader:
    """Reads one row by its primary key, with the rows that its `related` foreign keys point to.

    `flags`: attribute of the row read to the SQL of a condition that it is to tell.
    """

    def __init__(self, model: type[models.Model], related: Sequence[str] = (), flags: Mapping[str, str] | None = None):
        self._model, self._flags = model, dict(flags or {})
        self._parts = [("", model), *((name, field_of(model, name).related_model) for name in related)]
        self._sql = Often(self._select())

    def read(self, pk: int) -> Any:
        """The row, or None."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [pk])
            values = cursor.fetchone()
        return self._row(values) if values else None

    def _row(self, values: Sequence[Any]) -> models.Model:
        rest, rows, database = iter(values), {}, this_database()
        for name, part in self._parts:
            names, converters = _columns(part, database.vendor)
            known = list(islice(rest, len(names)))
            for place, found in converters:
                known[place] = _converted(database, known[place], found)
            rows[name] = _made(part, names, known, database.alias)
        row = rows.pop("")
        for name, other in rows.items():
            setattr(row, name, other)
        for name in self._flags:
            setattr(row, name, bool(next(rest)))
        return row

    def _select(self) -> str:
        selected = [_full(part, field) for _, part in self._parts for field in part._meta.concrete_fields]
        joins = [
            f"JOIN {quoted(part._meta.db_table)} ON {_key(part)} = {_full(self._model, field_of(self._model, name))}"
            for name, part in self._parts[1:]
        ]
        columns = ", ".join([*selected, *self._flags.values()])
        source = " ".join([quoted(self._model._meta.db_table), *joins])
        return f"SELECT {columns} FROM {source} WHERE {_key(self._model)} = %s"


@cache
def _columns(model: type[models.Model], vendor: str) -> tuple[list[str], list[tuple[int, list[tuple[Any, Any]]]]]:
    """The names that from_db asks for, and by place how what the database hands out is to be read, where it is not."""
    fields = model._meta.concrete_fields
    columns = [field.get_col(model._meta.db_table) for field in fields]
    read = [connection.ops.get_db_converters(column) + column.get_db_converters(connection) for column in columns]
    converters = [
        (place, [(convert, columns[place]) for convert in found]) for place, found in enumerate(read) if found
    ]
    return [field.attname for field in fields], converters


def _made(model: type[models.Model], names: Sequence[str], values: Sequence[Any], alias: str) -> models.Model:
    """What Model.from_db makes, without asking each field: all of them are here, as the database gave them."""
    row = model.__new__(model)
    row.__dict__.update(zip(names, values, strict=True))
    row._state = ModelState()
    row._state.adding, row._state.db = False, alias
    return row


def _converted(database: BaseDatabaseWrapper, value: Any, converters: Sequence[tuple[Any, Any]]) -> Any:
    for convert, expression in converters:
        value = convert(value, expression, database)
    return value


def _full(model: type[models.Model], field: models.Field) -> str:
    return f"{quoted(model._meta.db_table)}.{quoted(field.column)}"


def _key(model: type[models.Model]) -> str:
    return _full(model, model._meta.pk)
