"""What bounds the drain: the same statements and the same durable commits, without our code.

On SQLite one thread, sixteen posts to a commit, which is the best that sharing commits can come to; on PostgreSQL as
many threads as a worker has, each with a connection, one statement and so one commit for each claim and settlement.
Run as a program like `tests.bench.ours`; prints one line of JSON.
"""

import json
import os
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from project.start import start
from tests.bench import record
from tests.bench.options import Options

TOGETHER = 16
Values = Callable[[int, str], tuple[object, ...]]
NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "clock_timestamp()"}
CLAIM = (
    "UPDATE scheduler_ui_delivery SET status = 'publishing', token = {p}, lease_until = {now}, due_at = {now}, "
    "key = {p}, payload = {p}, tries = 1, marked_at = {now}, queued_at = NULL "
    "WHERE id = {p} AND status = 'scheduled' AND version = 1 AND hold_reason = ''"
)
SETTLE = (
    "UPDATE scheduler_ui_delivery SET status = 'published', token = '', lease_until = NULL, due_at = NULL, "
    "remote_id = {p}, sent_at = {now}, settled_at = {now} WHERE id = {p} AND status = 'publishing' AND token = {p}"
)
CLOSE = (
    "UPDATE scheduler_ui_attempt SET outcome = 'published', ended_at = {now}, sent_at = {now} "
    "WHERE delivery_id = {p} AND kind = 'send' AND number = 1"
)


def run(options: Options) -> dict:
    from django.db import connection

    from scheduler_ui.models import Delivery
    from tests.bench import filling

    begin = time.time() - 600
    filling.schedule(filling.accounts("bench", options.accounts), {n: begin for n in range(1, options.posts + 1)})
    keys = list(Delivery.objects.values_list("pk", flat=True))
    vendor = connection.vendor
    connection.close()
    began = time.monotonic()
    _on_sqlite(options, keys) if vendor == "sqlite" else _on_postgres(options, keys)
    seconds = time.monotonic() - began
    left = Delivery.objects.exclude(status="published").count()
    return {"posts": len(keys), "unsettled": left, "settled_s": round(seconds, 3), "per_s": round(len(keys) / seconds)}


def _on_sqlite(options: Options, keys: list[int]) -> None:
    from django.conf import settings

    database = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    database.executescript(settings.DATABASES["default"]["OPTIONS"]["init_command"])
    claim, settle = _words("sqlite", "?")
    for batch in _batches(keys):
        tokens = {key: secrets.token_hex(16) for key in batch}
        _commit(database, claim, tokens)
        for key in batch:
            record.note(str(options.log), "S", key)
        _commit(database, settle, tokens)


def _on_postgres(options: Options, keys: list[int]) -> None:
    shares = [keys[number :: options.threads] for number in range(options.threads)]
    threads = [threading.Thread(target=_share, args=(options, share)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _share(options: Options, keys: list[int]) -> None:
    import psycopg

    claim, settle = _words("postgresql", "%s")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        for key in keys:
            token = secrets.token_hex(16)
            _at_once(database, claim, key, token)
            record.note(str(options.log), "S", key)
            _at_once(database, settle, key, token)


def _at_once(database, statements: Sequence[tuple[str, Values]], key: int, token: str) -> None:
    """Both statements as one, the second only where the first changed its row: what rows.update_row sends."""
    (first, values), (second, more) = statements
    second = second.replace("VALUES (", "SELECT ").removesuffix(")") if "VALUES" in second else f"{second} RETURNING 1"
    database.execute(f"WITH changed AS ({first} RETURNING 1) {second}", [*values(key, token), *more(key, token)])


def _commit(database, statements: Iterable[tuple[str, object]], tokens: dict[int, str]) -> None:
    database.execute("BEGIN")
    for key, token in tokens.items():
        for statement, values in statements:
            database.execute(statement, values(key, token))
    database.execute("COMMIT")


def _words(vendor: str, p: str) -> tuple[list, list]:
    """The statements of a claim and of a settlement, each with what fills it."""
    claim, settle, close = (text.format(p=p, now=NOW[vendor]) for text in (CLAIM, SETTLE, CLOSE))
    return (
        [(claim, lambda key, token: (token, token, '{"text": "x"}', key)), (_open(vendor, p), _attempt)],
        [(settle, lambda key, token: (f"bench-{key}", key, token)), (close, lambda key, _token: (key,))],
    )


def _open(vendor: str, p: str) -> str:
    """An INSERT of an attempt, every other column as the model would leave it."""
    from scheduler_ui.models import Attempt

    fields = [field for field in Attempt._meta.local_concrete_fields if not field.primary_key and not field.null]
    values = {"delivery_id": p, "token": p, "number": "1", "marked_at": NOW[vendor], "kind": "'send'"}
    columns = ", ".join(field.column for field in fields)
    return (
        f"INSERT INTO scheduler_ui_attempt ({columns}) "
        f"VALUES ({', '.join(values.get(field.column) or _quoted(field.get_default()) for field in fields)})"
    )


def _quoted(value: object) -> str:
    return f"'{value}'"


def _attempt(key: int, token: str) -> tuple[object, ...]:
    return key, token


def _batches(keys: list[int]) -> Iterable[list[int]]:
    return (keys[at : at + TOGETHER] for at in range(0, len(keys), TOGETHER))


if __name__ == "__main__":
    start()
    asked = Options.read()
    sys.stdout.write(json.dumps(run(asked)) + "\n")
