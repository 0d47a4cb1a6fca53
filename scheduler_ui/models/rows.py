"""One row, conditional on what was read, by its primary key: the statement that every claim and settlement runs.

The ORM builds such a statement in ten times the time that a database needs to run it; here it is built once for each
set of columns.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models


def update_row(model: type[models.Model], pk: int, as_read: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Change a row if the `as_read` fields are still so; tell whether they were."""
    absent = tuple(name for name, value in as_read.items() if value is None)
    present = tuple(name for name, value in as_read.items() if value is not None)
    sql = _update(model, tuple(changes), present, absent, connection.vendor)
    values = [_prepared(model, name, value) for name, value in changes.items()]
    values += [pk, *(_prepared(model, name, as_read[name]) for name in present)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount == 1


def insert_row(row: models.Model) -> None:
    """Insert a new row and give it its primary key."""
    model = type(row)
    sql, names = _insert(model, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, [_prepared(model, name, getattr(row, name)) for name in names])
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


class Reader:
    """Reads one row by its primary key, with the rows that its `related` foreign keys point to.

    `flags`: attribute of the row read to the SQL of a condition that it is to tell.
    """

    def __init__(self, model: type[models.Model], related: Sequence[str] = (), flags: Mapping[str, str] | None = None):
        self._model, self._flags = model, dict(flags or {})
        self._parts = [("", model), *((name, _field(model, name).related_model) for name in related)]
        self._sql = self._select()

    def read(self, pk: int) -> Any:
        """The row, or None."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [pk])
            values = cursor.fetchone()
        return self._row(values) if values else None

    def _row(self, values: Sequence[Any]) -> models.Model:
        rest, rows = iter(values), {}
        for name, part in self._parts:
            names, converters = _columns(part, connection.vendor)
            known = [_converted(next(rest), found) for found in converters]
            rows[name] = part.from_db(connection.alias, names, known)
        row = rows.pop("")
        for name, other in rows.items():
            setattr(row, name, other)
        for name in self._flags:
            setattr(row, name, bool(next(rest)))
        return row

    def _select(self) -> str:
        selected = [_full(part, field) for _, part in self._parts for field in part._meta.concrete_fields]
        joins = [
            f"JOIN {_quoted(part._meta.db_table)} ON {_key(part)} = {_full(self._model, _field(self._model, name))}"
            for name, part in self._parts[1:]
        ]
        columns = ", ".join([*selected, *self._flags.values()])
        source = " ".join([_quoted(self._model._meta.db_table), *joins])
        return f"SELECT {columns} FROM {source} WHERE {_key(self._model)} = %s"


@cache
def _columns(model: type[models.Model], vendor: str) -> tuple[list[str], list[list[tuple[Any, Any]]]]:
    """The names that from_db asks for, and how each of the values that the database hands out is to be read."""
    fields = model._meta.concrete_fields
    columns = [field.get_col(model._meta.db_table) for field in fields]
    read = [connection.ops.get_db_converters(column) + column.get_db_converters(connection) for column in columns]
    converters = [[(convert, column) for convert in found] for found, column in zip(read, columns, strict=True)]
    return [field.attname for field in fields], converters


def _converted(value: Any, converters: Sequence[tuple[Any, Any]]) -> Any:
    for convert, expression in converters:
        value = convert(value, expression, connection)
    return value


def _full(model: type[models.Model], field: models.Field) -> str:
    return f"{_quoted(model._meta.db_table)}.{_quoted(field.column)}"


def _key(model: type[models.Model]) -> str:
    return _full(model, model._meta.pk)


def _prepared(model: type[models.Model], name: str, value: Any) -> Any:
    return _field(model, name).get_db_prep_save(value, connection)


@cache
def _field(model: type[models.Model], name: str) -> models.Field:
    return next(field for field in model._meta.concrete_fields if name in {field.name, field.attname})


# The vendor is part of the key because it is part of the text: the quoting differs.
@cache
def _update(
    model: type[models.Model], changed: tuple[str, ...], present: tuple[str, ...], absent: tuple[str, ...], vendor: str
) -> str:
    columns = ", ".join(f"{_column(model, name)} = %s" for name in changed)
    conditions = [f"{_column(model, model._meta.pk.name)} = %s"]
    conditions += [f"{_column(model, name)} = %s" for name in present]
    conditions += [f"{_column(model, name)} IS NULL" for name in absent]
    return f"UPDATE {_quoted(model._meta.db_table)} SET {columns} WHERE {' AND '.join(conditions)}"


@cache
def _insert(model: type[models.Model], vendor: str) -> tuple[str, tuple[str, ...]]:
    names = tuple(field.attname for field in model._meta.concrete_fields if not (field.primary_key or field.generated))
    columns = ", ".join(_column(model, name) for name in names)
    key = _column(model, model._meta.pk.name)
    places = ", ".join(["%s"] * len(names))
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES ({places}) RETURNING {key}", names


def _column(model: type[models.Model], name: str) -> str:
    return _quoted(_field(model, name).column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
