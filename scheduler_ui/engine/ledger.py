"""One durable commit for many: a burst of claims and answers waits for the disk together, not one after another.

SQLite has one writer, so threads take turns and write for each other. PostgreSQL flushes together what is committed at
the same moment by itself, and takes it side by side: there a write is a transaction of its own, and a move, being one
statement, needs none around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.db import Error, connection, models, transaction

from scheduler_ui.engine.together import Together
from scheduler_ui.models import Move

T = TypeVar("T")
MOST_AT_ONCE = 64


@dataclass(frozen=True)
class _Entry:
    """`rows` are the objects that `work` changes in memory: put back as they were when its commit fails."""

    work: Callable[[], Any]
    rows: tuple[models.Model, ...]

    def run(self) -> Any:
        before = [dict(row.__dict__) for row in self.rows]
        try:
            with transaction.atomic():
                return self.work()
        except BaseException:
            self.put_back(before)
            raise

    def put_back(self, before: Sequence[dict[str, Any]]) -> None:
        for row, values in zip(self.rows, before, strict=True):
            row.__dict__.clear()
            row.__dict__.update(values)


def write(work: Callable[[], T], *rows: models.Model) -> T:
    """Run `work` in a transaction that others may share, and return what it returns, once that is durable.

    It may run twice: when a neighbour fails, all are rolled back and each runs again in a transaction of its own.
    """
    entry = _Entry(work, rows)
    # Within a caller's transaction nobody else's work may wait for its end.
    if connection.in_atomic_block or connection.vendor != "sqlite":
        return cast(T, entry.run())
    return cast(T, _shared.ask(entry))


def move(wanted: Move) -> bool:
    """Make one move and tell whether the row was as it had been read, once that is durable."""
    if connection.vendor != "sqlite":
        return wanted.make()
    return write(wanted.make, wanted.delivery)


def _commit(entries: Sequence[_Entry]) -> list[Any]:
    if len(entries) > 1:
        before = [[dict(row.__dict__) for row in entry.rows] for entry in entries]
        try:
            with transaction.atomic():
                return [entry.work() for entry in entries]
        except Exception:
            for entry, values in zip(entries, before, strict=True):
                entry.put_back(values)
    return [_alone(entry) for entry in entries]


def _alone(entry: _Entry) -> Any:
    try:
        return entry.run()
    except Error as error:
        connection.close_if_unusable_or_obsolete()
        return error
    except Exception as error:
        return error


_shared: Together[_Entry, Any] = Together(_commit, MOST_AT_ONCE)
