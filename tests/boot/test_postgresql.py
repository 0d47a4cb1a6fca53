from collections.abc import Iterator

import pytest
from psycopg_pool import ConnectionPool

from project.postgresql.base import check
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
