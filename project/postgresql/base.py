"""Django's PostgreSQL, with a pool that finds out for nothing whether a connection still stands.

And with statements that are prepared where whoever wrote them says so: `is_prepared` of the text.
"""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool


class PreparingCursor(base.ServerBindingCursor):
    def execute(self, query: Any, params: Any = None, *, prepare: bool | None = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=prepare or getattr(query, "is_prepared", None), **options)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"cursor_factory": PreparingCursor}

    @property
    def pool(self) -> ConnectionPool | None:
        options = self.settings_dict["OPTIONS"].get("pool")
        if options and self.alias not in self._connection_pools:
            parameters = self.get_connection_params() | {"autocommit": True}
            made = ConnectionPool(
                kwargs=parameters, open=False, configure=self._configure_connection, check=check, **options
            )
            # Another thread may have been quicker; a pool that is not open costs nothing.
            self._connection_pools.setdefault(self.alias, made)
        return self._connection_pools[self.alias] if options else None


def check(connection: Connection[Any]) -> None:
    """Raise where the server has closed a connection that lay in the pool.

    It is borrowed for each task and request: to ask the server each time would cost as much as many a query. A server
    that is gone leaves something to read, the end. One that is cut off without a word would not answer in time anyway.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)
