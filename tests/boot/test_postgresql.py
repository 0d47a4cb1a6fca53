from collections.abc import Iterator

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from project.postgresql.base import PreparingCursor, check
from project.shapes import PREPARED
from scheduler_ui.models import Often
from tests.rig.servers import Postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture
def pool(server: Postgres) -> Iterator[ConnectionPool]:
    with ConnectionPool(server.url(), min_size=1, check=check, timeout=5) as pool:
        pool.wait()
        yield pool


def borrowed(pool: ConnectionPool) -> int:
    with pool.connection() as connection:
        return int(connection.execute("SELECT pg_backend_pid()").fetchone()[0])


def test_connection_that_stands_is_borrowed_again(pool: ConnectionPool) -> None:
    assert borrowed(pool) == borrowed(pool)


def test_connection_that_the_server_has_closed_is_replaced(pool: ConnectionPool, server: Postgres) -> None:
    closed = borrowed(pool)
    with server.connect() as other:
        # Waits until it has ended.
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [closed]).fetchone() == (True,)
    assert borrowed(pool) not in {0, closed}


@pytest.fixture
def cursor(server: Postgres) -> Iterator[PreparingCursor]:
    """As the settings make one."""
    threshold = PREPARED["prepare_threshold"]
    with psycopg.connect(server.url(), autocommit=True, prepare_threshold=threshold) as connection:
        yield PreparingCursor(connection)


def prepared(cursor: PreparingCursor) -> list[str]:
    return [statement for (statement,) in cursor.execute("SELECT statement FROM pg_prepared_statements").fetchall()]


def test_statement_that_says_so_is_prepared(cursor: PreparingCursor) -> None:
    cursor.execute(Often("SELECT %s::int"), [1])
    assert prepared(cursor) == ["SELECT $1::int"]


def test_any_other_is_planned_for_what_it_asks_however_often_it_is_sent(cursor: PreparingCursor) -> None:
    for number in range(20):
        cursor.execute("SELECT 'due' WHERE %s::int > 0", [number])
    assert prepared(cursor) == []
