"""Rows from one database into another, chunk by chunk, each compared on both sides; a copy that was cut off goes on."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connections, transaction
from django.db.models import Model

CHUNK = 500
Row = tuple[Any, ...]
# Told after every chunk: table, rows so far, rows of it.
Tell = Callable[[str, int, int], object]


class Different(Exception):
    """The two sides do not hold the same; the words name the table."""


@dataclass(frozen=True)
class Copied:
    table: str
    rows: int
    sha256: str


def copy(model: type[Model], source: str, target: str, tell: Tell) -> Copied:
    """Copy a table, or the rest of it. Every chunk is one transaction; what is there already must be the same."""
    table, total = model._meta.db_table, _manager(model, source).count()
    done, digests = 0, hashlib.sha256()
    for rows in _chunks(model, source):
        if not _are_there(model, target, rows):
            _insert(model, target, rows)
        done += len(rows)
        digests.update(digest(rows))
        tell(table, done, total)
    return Copied(table, done, digests.hexdigest())


def verify(model: type[Model], source: str, target: str) -> Copied:
    """Read both sides again, all of it. Raises Different."""
    table, done, digests = model._meta.db_table, 0, hashlib.sha256()
    for rows in _chunks(model, source):
        if not _are_there(model, target, rows):
            raise Different(f"{table}: rows from {rows[0][0]} on are not in the target.")
        done += len(rows)
        digests.update(digest(rows))
    if (there := _manager(model, target).count()) != done:
        raise Different(f"{table}: {done} rows here, {there} in the target.")
    return Copied(table, done, digests.hexdigest())


def fingerprint(model: type[Model], alias: str) -> Copied:
    """What a table holds, without another to compare it with."""
    done, digests = 0, hashlib.sha256()
    for rows in _chunks(model, alias):
        done += len(rows)
        digests.update(digest(rows))
    return Copied(model._meta.db_table, done, digests.hexdigest())


def empty(models: list[type[Model]], alias: str) -> None:
    for model in reversed(models):
        _manager(model, alias).all().delete()


def reset_sequences(models: list[type[Model]], alias: str) -> None:
    """The next row gets a key of its own."""
    with connections[alias].cursor() as cursor:
        for statement in connections[alias].ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def digest(rows: list[Row]) -> bytes:
    """The same for the same values in whatever order a database keeps them."""
    lines = sorted(json.dumps(row, default=_plain, sort_keys=True) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).digest()


def _chunks(model: type[Model], alias: str) -> Iterator[list[Row]]:
    """Rows in the order of their keys, the key first."""
    rows = _manager(model, alias).order_by("pk").values_list(*_columns(model))
    last = None
    while chunk := list((rows if last is None else rows.filter(pk__gt=last))[:CHUNK]):
        yield chunk
        last = chunk[-1][0]


def _are_there(model: type[Model], alias: str, rows: list[Row]) -> bool:
    """Whether the target has the very same rows; False when it has none of them. Raises Different."""
    columns = _columns(model)
    there = list(_manager(model, alias).filter(pk__in=[row[0] for row in rows]).values_list(*columns))
    if there and digest(there) != digest(rows):
        words = f"{model._meta.db_table}: rows {rows[0][0]} to {rows[-1][0]} are not the same in the target."
        raise Different(words)
    return bool(there)


def _insert(model: type[Model], alias: str, rows: list[Row]) -> None:
    columns = _columns(model)
    fields = [model._meta.get_field(name) for name in columns]
    objects = [model(**dict(zip(columns, row, strict=True))) for row in rows]
    with transaction.atomic(using=alias):
        # raw: as they are; saving would set what is set at every save.
        _manager(model, alias).all()._insert(objects, fields=fields, using=alias, raw=True)
        if not _are_there(model, alias, rows):
            raise Different(f"{model._meta.db_table}: what was written cannot be read.")


def _columns(model: type[Model]) -> list[str]:
    """Without those that a database computes from the others."""
    rest = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
    assert model._meta.pk is not None
    return [model._meta.pk.attname, *(field.attname for field in rest)]


def _manager(model: type[Model], alias: str) -> Any:
    return model._base_manager.using(alias)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
