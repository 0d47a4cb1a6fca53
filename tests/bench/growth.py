"""Many rows, quickly: copies of one row, made by the database itself, whatever columns the tables have."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Model

from scheduler_ui.models import Attempt, Delivery, Event, Notice, Post

# A row's number is `i`. Each database in its own words: a random public id, and an instant so many seconds from now.
WORDS = {
    "sqlite": {
        "series": "WITH RECURSIVE series(i) AS (SELECT %s UNION ALL SELECT i + 1 FROM series WHERE i < %s)",
        "from": "series",
        "random": "lower(hex(randomblob(8)))",
        "at": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', {start}, printf('%%+.3f seconds', {seconds}))",
    },
    "postgresql": {
        "series": "",
        "from": "generate_series(%s::bigint, %s::bigint) AS series(i)",
        "random": "substr(md5(random()::text || i::text), 1, 16)",
        "at": "({start}::timestamptz + ({seconds}) * interval '1 second')",
    },
}


def copy_posts(template: Delivery, first: int, last: int, start: datetime, seconds: str) -> None:
    """Posts and deliveries numbered `first` to `last` (their primary keys), `seconds` (SQL of `i`) after `start`."""
    at = instant(start, seconds)
    local = f"{at} AT TIME ZONE 'UTC'" if connection.vendor == "postgresql" else at
    post = {"public_id": random(), "scheduled_for": at, "local_time": local, "client_key": "NULL"}
    delivery = {"public_id": random(), "post_id": "i", "scheduled_for": at}
    copy(template.post, first, last, post)
    copy(template, first, last, delivery | ({"due_at": at} if template.due_at else {}))


def instant(start: datetime, seconds: str) -> str:
    """SQL of an instant `seconds` (SQL of `i`) after `start`."""
    begin = start.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return WORDS[connection.vendor]["at"].format(start=f"'{begin}'", seconds=seconds)


def random() -> str:
    """SQL of a public id."""
    return WORDS[connection.vendor]["random"]


def settle_statistics() -> None:
    """What autovacuum would have done by the time that so many rows came in one by one; SQLite has no such thing."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            for model in (Post, Delivery, Attempt, Event, Notice):
                for statement in connection.ops.sequence_reset_sql(_no_style(), [model]):
                    cursor.execute(statement)


def copy(row: Model, first: int, last: int, changed: Mapping[str, str]) -> None:
    """A row again for each primary key from `first` to `last`, which is `i` in the SQL of what differs."""
    changed = {"id": "i"} | changed
    words, table = WORDS[connection.vendor], row._meta.db_table
    columns = [field.column for field in row._meta.local_concrete_fields if not field.generated]
    values = [changed.get(column, f"template.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) {words['series']} SELECT {', '.join(values)} "
            f"FROM {words['from']} CROSS JOIN {table} AS template WHERE template.id = %s",
            [first, last, row.pk],
        )


def _no_style():
    from django.core.management.color import no_style

    return no_style()
