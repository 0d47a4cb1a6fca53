"""One row, conditional on what was read, by its primary key: the statement of every claim and every settlement.

The ORM builds such a statement in ten times the time that a database needs to run it; here it is built once for each
set of columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from functools import cache
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import ModelState


class Often(str):
    """A statement that PostgreSQL may plan once for all values: it finds one row by its key, whatever they are.

    Parsing and planning it anew is most of what it costs there.
    """

    __slots__ = ()
    is_prepared = True


def _database() -> BaseDatabaseWrapper:
    """The thread's connection itself: its stand-in looks it up anew for every attribute, dozens of times a row."""
    return connections[DEFAULT_DB_ALIAS]


@dataclass(frozen=True)
class Update:
    """Changes to one row if the `as_read` fields are still so.

    `then`, only if they were: a new row that is inserted and given its primary key, or another update.
    """

    model: type[models.Model]
    pk: int
    changes: Mapping[str, Any]
    as_read: Mapping[str, Any] = field_of(default_factory=dict)
    then: "models.Model | Update | None" = None

    def statement(self) -> tuple[str, list[Any]]:
        """Without what follows."""
        absent = tuple(name for name, value in self.as_read.items() if value is None)
        present = tuple(name for name, value in self.as_read.items() if value is not None)
        database = _database()
        sql = _update(self.model, tuple(self.changes), present, absent, database.vendor)
        values = [_prepared(database, self.model, name, value) for name, value in self.changes.items()]
        values += [self.pk, *(_prepared(database, self.model, name, self.as_read[name]) for name in present)]
        return sql, values


_TAKEN_AS_THEY_ARE = (models.CharField, models.TextField, models.IntegerField, models.ForeignKey)


def update_row(update: Update) -> bool:
    """Change a row if it is still as it was read; tell whether it was.

    On PostgreSQL it is one statement with what follows, which needs no transaction around it.
    """
    if connection.vendor == "postgresql":
        sql, values = _in_one(update)
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return _is_changed(update, cursor.fetchone())
    sql, values = update.statement()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        is_changed = cursor.rowcount == 1
    if is_changed and update.then is not None:
        update_row(update.then) if isinstance(update.then, Update) else insert_row(update.then)
    return is_changed


def insert_row(row: models.Model) -> None:
    """Insert a new row and give it its primary key."""
    sql, values = _insert_statement(row, "VALUES ({})")
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        _inserted(row, cursor.fetchone()[0])


def _in_one(update: Update) -> tuple[str, list[Any]]:
    """A statement that answers with a row if the update's was changed; what it inserted is in it by its key."""
    changing, values = update.statement()
    if update.then is None:
        return Often(f"{changing} RETURNING 1"), values
    changed = f"WITH changed AS ({changing} RETURNING 1)"
    if isinstance(update.then, Update):
        following, more = update.then.statement()
        following = f"followed AS ({following} AND EXISTS (SELECT FROM changed))"
        return Often(f"{changed}, {following} SELECT 1 FROM changed"), values + more
    inserting, more = _insert_statement(update.then, "SELECT {} FROM changed")
    return Often(f"{changed} {inserting}"), values + more


def _is_changed(update: Update, found: Sequence[Any] | None) -> bool:
    if found and isinstance(update.then, models.Model):
        _inserted(update.then, found[0])
    return found is not None


def _insert_statement(row: models.Model, source: str) -> tuple[str, list[Any]]:
    """`source` takes the places of the values."""
    model = type(row)
    database = _database()
    sql, names = _insert(model, source, database.vendor)
    return sql, [_prepared(database, model, name, getattr(row, name)) for name in names]


def _inserted(row: models.Model, pk: int) -> None:
    row.pk = pk
    row._state.adding, row._state.db = False, connection.alias


class Reader:
    """Reads one row by its primary key, with the rows that its `related` foreign keys point to.

    `flags`: attribute of the row read to the SQL of a condition that it is to tell.
    """

    def __init__(self, model: type[models.Model], related: Sequence[str] = (), flags: Mapping[str, str] | None = None):
        self._model, self._flags = model, dict(flags or {})
        self._parts = [("", model), *((name, _field(model, name).related_model) for name in related)]
        self._sql = Often(self._select())

    def read(self, pk: int) -> Any:
        """The row, or None."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [pk])
            values = cursor.fetchone()
        return self._row(values) if values else None

    def _row(self, values: Sequence[Any]) -> models.Model:
        rest, rows, database = iter(values), {}, _database()
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
            f"JOIN {_quoted(part._meta.db_table)} ON {_key(part)} = {_full(self._model, _field(self._model, name))}"
            for name, part in self._parts[1:]
        ]
        columns = ", ".join([*selected, *self._flags.values()])
        source = " ".join([_quoted(self._model._meta.db_table), *joins])
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
    return f"{_quoted(model._meta.db_table)}.{_quoted(field.column)}"


def _key(model: type[models.Model]) -> str:
    return _full(model, model._meta.pk)


def _prepared(database: BaseDatabaseWrapper, model: type[models.Model], name: str, value: Any) -> Any:
    field = _field(model, name)
    # What all the layers below would come to, for what most values are; asking them takes longer than sending it.
    if value is None or (type(value) in {str, int} and isinstance(field, _TAKEN_AS_THEY_ARE)):
        return value
    if isinstance(field, models.DateTimeField):
        return database.ops.adapt_datetimefield_value(value)
    return field.get_db_prep_save(value, database)


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
def _insert(model: type[models.Model], source: str, vendor: str) -> tuple[str, tuple[str, ...]]:
    names = tuple(field.attname for field in model._meta.concrete_fields if not (field.primary_key or field.generated))
    columns = ", ".join(_column(model, name) for name in names)
    values = source.format(", ".join(["%s"] * len(names)))
    key = _column(model, model._meta.pk.name)
    return f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) {values} RETURNING {key}", names


def _column(model: type[models.Model], name: str) -> str:
    return _quoted(_field(model, name).column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
