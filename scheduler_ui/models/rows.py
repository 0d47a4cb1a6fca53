"""One row, conditional on what was read, by its primary key: the statement of every claim and every settlement.

The ORM builds such a statement in ten times the time that a database needs to run it; here it is built once for each
set of columns.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper


class Often(str):
    """A statement that PostgreSQL may plan once for all values: it finds its rows by their keys, whatever they are.

    Parsing and planning it anew is most of what it costs there.
    """

    __slots__ = ()
    is_prepared = True


def this_database() -> BaseDatabaseWrapper:
    """The thread's connection itself: its stand-in looks it up anew for every attribute, dozens of times a row."""
    return connections[DEFAULT_DB_ALIAS]


@dataclass(frozen=True)
class Look:
    """A question that gives one row, and the condition on its columns under which a change is made."""

    sql: str
    values: Sequence[Any]
    condition: str
    limits: Sequence[Any] = ()


@dataclass(frozen=True)
class Update:
    """Changes to one row if the `as_read` fields are still so.

    `then`, only if they were: a new row that is inserted and given its primary key, or another update.
    `look`, before it and in the same statement: on PostgreSQL alone.
    """

    model: type[models.Model]
    pk: int
    changes: Mapping[str, Any]
    as_read: Mapping[str, Any] = field(default_factory=dict)
    then: "models.Model | Update | None" = None
    look: Look | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """Without what follows."""
        database = this_database()
        changed = tuple((name, _place(value)) for name, value in self.changes.items())
        known = tuple((name, _place(value)) for name, value in self.as_read.items())
        values = _values(database, self.model, self.changes.items())
        values += [self.pk, *_values(database, self.model, self.as_read.items())]
        return _update(self.model, changed, known, database.vendor), values


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
    if update.look is not None:
        look = update.look
        condition = f"(SELECT {look.condition} FROM looked)"
        changed = f"WITH looked AS MATERIALIZED ({look.sql}), changed AS ({changing} AND {condition} RETURNING 1)"
        values = [*look.values, *values, *look.limits]
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
    model, database = type(row), this_database()
    known = [(name, getattr(row, name)) for name in _written(model)]
    sql = _insert(model, source, tuple(_place(value) for _, value in known), database.vendor)
    return sql, _values(database, model, known)


def _inserted(row: models.Model, pk: int) -> None:
    row.pk = pk
    row._state.adding, row._state.db = False, connection.alias


def _prepared(database: BaseDatabaseWrapper, model: type[models.Model], name: str, value: Any) -> Any:
    field = field_of(model, name)
    # What all the layers below would come to, for what most values are; asking them takes longer than sending it.
    if type(value) in {str, int} and isinstance(field, _TAKEN_AS_THEY_ARE):
        return value
    if isinstance(field, models.DateTimeField):
        return database.ops.adapt_datetimefield_value(value)
    return field.get_db_prep_save(value, database)


@cache
def field_of(model: type[models.Model], name: str) -> models.Field:
    return next(field for field in model._meta.concrete_fields if name in {field.name, field.attname})


def _place(value: Any) -> str:
    """What stands for a value in a statement: nothing is nothing for every row, and need not be sent."""
    if value is None:
        return "NULL"
    return "''" if value == "" else "%s"


def _values(database: BaseDatabaseWrapper, model: type[models.Model], known: Iterable[tuple[str, Any]]) -> list[Any]:
    """What is to be sent for those of the values that have a place."""
    return [_prepared(database, model, name, value) for name, value in known if not (value is None or value == "")]


# The vendor is part of the key because it is part of the text: the quoting differs.
@cache
def _update(
    model: type[models.Model], changed: tuple[tuple[str, str], ...], known: tuple[tuple[str, str], ...], vendor: str
) -> str:
    columns = ", ".join(f"{_column(model, name)} = {place}" for name, place in changed)
    conditions = [f"{_column(model, model._meta.pk.name)} = %s"]
    conditions += [f"{_column(model, name)} {'IS' if place == 'NULL' else '='} {place}" for name, place in known]
    return f"UPDATE {quoted(model._meta.db_table)} SET {columns} WHERE {' AND '.join(conditions)}"


@cache
def _insert(model: type[models.Model], source: str, places: tuple[str, ...], vendor: str) -> str:
    columns = ", ".join(_column(model, name) for name in _written(model))
    key = _column(model, model._meta.pk.name)
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) {source.format(', '.join(places))} RETURNING {key}"


@cache
def _written(model: type[models.Model]) -> tuple[str, ...]:
    fields = model._meta.concrete_fields
    return tuple(field.attname for field in fields if not (field.primary_key or field.generated))


def _column(model: type[models.Model], name: str) -> str:
    return quoted(field_of(model, name).column)


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)
