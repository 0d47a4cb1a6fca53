"""Where queue messages lie: a file of one machine, or a Redis for many. Either may be lost without a post being lost.

A message waits until its moment, then goes to whoever asks first; the lowest moment goes first. Moments are seconds
since 1970.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huey.storage import PriorityRedisStorage, SqliteStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
# What a use of either may raise.
ERRORS = (RedisError, sqlite3.Error, OSError)
# A Redis that hangs costs whoever asks it no more than this, in seconds.
PATIENCE = 1.0
AT_ONCE = 1000


@dataclass(frozen=True)
class Fetched:
    """What was taken, whether anything else is due, and the moment of what comes next, None where nothing waits."""

    messages: list[bytes]
    has_more: bool
    next_at: float | None


class FileStore(SqliteStorage):
    """SQLite, without a flush to the disk; made anew when it is gone or cannot be read any more."""

    def __init__(self, name: str, path: Path):
        self._inode = 0
        self.was_lost = False
        # The tables are made with the connection: whoever never uses the queue never touches its file.
        super().__init__(name, filename=str(path), create_tables=False, fsync=False, timeout=2)

    def _create_connection(self) -> Any:
        self._inode = self._found()
        connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        self._inode = self._found()
        return connection

    def push(self, messages: Mapping[bytes, float]) -> None:
        rows = [(self.name, message, -moment) for message, moment in messages.items()]
        with self.db(commit=True) as cursor:
            cursor.executemany("insert into task (queue, data, priority) values (?, ?, ?)", rows)

    def schedule(self, messages: Mapping[bytes, float]) -> None:
        rows = [(self.name, message, moment) for message, moment in messages.items()]
        with self.db(commit=True) as cursor:
            cursor.executemany("insert into schedule (queue, data, timestamp) values (?, ?, ?)", rows)

    def fetch(self, moment: float, room: int) -> Fetched:
        """Move what has come due to the queue, and take up to `room` messages from it."""
        self._follow_file()
        # Asked many times a second, mostly in vain: without a lock.
        look = (
            "select (select min(timestamp) from schedule where queue = ?), exists(select 1 from task where queue = ?)"
        )
        next_at, has_more = self.sql(look, (self.name, self.name), results=True)[0]
        if (next_at is None or next_at > moment) and not (has_more and room):
            return Fetched([], bool(has_more), next_at)
        with self.db(commit=True) as cursor:
            due = (self.name, moment)
            move = "insert into task (queue, data, priority) select queue, data, -timestamp from schedule"
            cursor.execute(f"{move} where queue = ? and timestamp <= ? order by timestamp", due)
            cursor.execute("delete from schedule where queue = ? and timestamp <= ?", due)
            first = "select id, data from task where queue = ? order by priority desc, id limit ?"
            taken = cursor.execute(first, (self.name, room)).fetchall()
            cursor.executemany("delete from task where id = ?", [(number,) for number, _ in taken])
            next_at, has_more = cursor.execute(look, (self.name, self.name)).fetchone()
        return Fetched([bytes(data) for _, data in taken], bool(has_more), next_at)

    def mend(self, error: Exception) -> None:
        """After an error: a file that is none of ours any more goes, and the next use makes a new one."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        broken = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
        if code in broken or "no such table" in str(error):
            logger.warning(
                "the queue's file cannot be used (%s): it is made anew, and what is due is offered again", error
            )
            self._begin_again()

    def _follow_file(self) -> None:
        """A file that was deleted or put in another's place would be ours alone: other workers see the new one."""
        if self._conn is not None and self._found() != self._inode:
            logger.warning("the queue's file was taken away: it is made anew, and what is due is offered again")
            self._begin_again()

    def _begin_again(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.close()
        self._conn = None
        self.was_lost = True
        if self._found() not in {0, self._inode}:
            return  # another worker was quicker
        # A log without its file, or with another one, must not be read back.
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                Path(f"{self.filename}{suffix}").unlink()

    def _found(self) -> int:
        """The number of the file that is there now; 0: none is."""
        try:
            return Path(self.filename).stat().st_ino
        except OSError:
            return 0


FETCH = f"""
local due = redis.call('zrangebyscore', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, {AT_ONCE})
for i = 1, #due, 2 do
  redis.call('zadd', KEYS[2], due[i + 1], due[i])
  redis.call('zrem', KEYS[1], due[i])
end
local taken = {{}}
if tonumber(ARGV[2]) > 0 then
  local popped = redis.call('zpopmin', KEYS[2], ARGV[2])
  for i = 1, #popped, 2 do taken[#taken + 1] = popped[i] end
end
local next = redis.call('zrange', KEYS[1], 0, 0, 'WITHSCORES')
local is_new = redis.call('exists', KEYS[3]) == 0
if is_new then redis.call('set', KEYS[3], 'here') end
return {{is_new and 1 or 0, taken, redis.call('zcard', KEYS[2]), next[2] or ''}}
"""


class RedisStore(PriorityRedisStorage):
    """Two sorted sets, what waits for its moment and what is due, and a mark that tells whether both were emptied."""

    def __init__(self, name: str, url: str):
        # One try more, at once: a connection that has lain since Redis was started again is only noticed by its use.
        retry = Retry(NoBackoff(), 1)
        quick = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": retry}
        super().__init__(name, connection_pool=ConnectionPool.from_url(url, **quick), blocking=False)
        self.was_lost = False
        self._mark = f"huey.here.{self.name}"
        self._fetch = self.conn.register_script(FETCH)

    def push(self, messages: Mapping[bytes, float]) -> None:
        self.conn.zadd(self.queue_key, dict(messages))

    def schedule(self, messages: Mapping[bytes, float]) -> None:
        self.conn.zadd(self.schedule_key, dict(messages))

    def fetch(self, moment: float, room: int) -> Fetched:
        """Move what has come due to the queue, and take up to `room` messages from it."""
        keys = [self.schedule_key, self.queue_key, self._mark]
        is_new, taken, left, next_at = self._fetch(keys=keys, args=[moment, room])
        self.was_lost = self.was_lost or bool(is_new)
        return Fetched(list(taken), left > 0, float(next_at) if next_at else None)

    def enqueued_items(self, limit: int | None = None) -> Sequence[bytes]:
        items: Sequence[bytes] = self.conn.zrange(self.queue_key, 0, limit - 1 if limit else -1)
        return items

    def mend(self, error: Exception) -> None:
        """Connections from before would each fail once more."""
        self.pool.disconnect(inuse_connections=False)


Store = FileStore | RedisStore
