"""Private PostgreSQL, Redis and S3 servers on free ports, in folders of their own that go when they end.

with Postgres(durable=True) as database, Redis(password="x") as queue, S3() as store:
    with processes.worker(folder, **grown(database.create(), queue, store)): ...
    queue.kill(), queue.start(), queue.freeze(), queue.thaw(), queue.restart(away=2)
"""

import base64
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import boto3
import psycopg
import redis as redis_client
from botocore.config import Config

from tests.rig.packages import binary
from tests.rig.server import Server, run_as, somebody

KEYS = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "TOKEN_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "QUEUE_KEYS": secrets.token_hex(32),
}


class Postgres(Server):
    """`durable=True`: its data on the disk, every commit flushed; else in memory, without a flush, for tests' speed."""

    name = "postgresql"

    def __init__(self, *, durable: bool = False, **settings: str):
        self.bin = binary("initdb", "postgresql").parent
        self.user = somebody("postgres")
        super().__init__(durable=durable)
        self.settings = {"fsync": "on" if durable else "off", "max_connections": "300", **settings}
        self._make(no_sync=not durable)

    def _make(self, *, no_sync: bool) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.user:
            shutil.chown(secret, self.user)
        command = [self.bin / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "password"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", f"--pwfile={secret}", *(["--no-sync"] if no_sync else [])]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **run_as(self.user)
        )
        if done.returncode:
            self.__exit__()
            raise AssertionError(f"initdb failed: {done.stderr[-2000:]}")

    def command(self) -> list[str | Path]:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **self.settings}
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [self.bin / "postgres", "-D", self.folder / "data", "-p", str(self.port), *given]

    def is_up(self) -> bool:
        with self.connect():
            return True

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str = "") -> str:
        """Make an empty database and return its URL."""
        database = database or f"rig_{secrets.token_hex(4)}"
        with self.connect() as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database)))
        return self.url(database)


class Redis(Server):
    """`durable=True` writes an append-only file, so that a restart keeps what was queued."""

    name = "redis"

    def __init__(self, *, password: str = "", durable: bool = False):
        self.program = binary("redis-server", "redis-server")
        super().__init__(durable=durable)
        self.password = password
        lines = ["bind 127.0.0.1", f"port {self.port}", f"dir {self.folder}", "maxmemory-policy noeviction", 'save ""']
        lines += [f"appendonly {'yes' if durable else 'no'}", *([f'requirepass "{password}"'] if password else [])]
        (self.folder / "redis.conf").write_text("\n".join(lines))

    def command(self) -> list[str | Path]:
        return [self.program, self.folder / "redis.conf"]

    def url(self, number: int = 0) -> str:
        return f"redis://{f':{quote(self.password)}@' if self.password else ''}127.0.0.1:{self.port}/{number}"

    def client(self) -> redis_client.Redis:
        return redis_client.Redis.from_url(self.url(), socket_timeout=5)

    def is_up(self) -> bool:
        with self.client() as client:
            return bool(client.ping())


class S3(Server):
    """moto's server, which keeps what it is given in memory, with an empty bucket."""

    name = "s3"
    bucket = "punctual"

    def command(self) -> list[str | Path]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self):
        quick = Config(connect_timeout=2, read_timeout=5, retries={"max_attempts": 0})
        keys = {"aws_access_key_id": "rig", "aws_secret_access_key": self.password, "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.url(), config=quick, **keys)

    def is_up(self) -> bool:
        self.client().create_bucket(Bucket=self.bucket)
        return True

    def environment(self) -> dict[str, str]:
        keys = {"S3_ACCESS_KEY": "rig", "S3_SECRET_KEY": self.password, "S3_REGION": "us-east-1"}
        return {"S3_BUCKET": self.bucket, "S3_ENDPOINT": self.url(), **keys}


def grown(database_url: str, queue: Redis, store: S3 | None = None) -> dict[str, str]:
    """What a process of the grown shape is told; its keys are the same for every process of this run."""
    urls = {"DATABASE_URL": database_url, "REDIS_URL": queue.url()}
    # The last one is for a rig that runs in a process of its own and starts others.
    return {**urls, **KEYS, "RIG_SERVERS": "1", **(store.environment() if store else {})}
