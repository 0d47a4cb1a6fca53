"""The two shapes of one program: all on one disk, or on PostgreSQL, Redis and S3 for any number of machines."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environ import Env
from redis.connection import parse_url

from project import environment
from scheduler_ui.engine.stores import FileStore, RedisStore, Store

KEYS = ("SECRET_KEY", "TOKEN_KEYS", "QUEUE_KEYS")
POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "django.db.backends.sqlite3"
REDIS_SCHEMES = ("redis://", "rediss://")
# A connection that is cut without a word is noticed; a worker that is stopped in a transaction loses its locks.
WATCHFUL = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c idle_in_transaction_session_timeout=15s",
}


# Only what is marked is prepared (scheduler_ui.models.rows): not knowing what is asked for, the server would take "due
# until $1" for a third of the table, and read the table.
PREPARED = {"server_side_binding": True, "prepare_threshold": 1_000_000_000}


def is_grown() -> bool:
    """Whether database and queue are servers. Raises ImproperlyConfigured where only one of them is."""
    database, queue = environment.text("DATABASE_URL"), environment.text("REDIS_URL")
    is_server = bool(database) and not database.startswith("sqlite:")
    if is_server and not queue:
        raise ImproperlyConfigured("DATABASE_URL names a server, so REDIS_URL must be set too: the two go together.")
    if queue and not is_server:
        raise ImproperlyConfigured("REDIS_URL is set, so DATABASE_URL must be postgres://… too: the two go together.")
    if is_server and (missing := [name for name in KEYS if not environment.text(name)]):
        raise ImproperlyConfigured(
            f"With DATABASE_URL and REDIS_URL, {' and '.join(missing)} must be set too: every process on every machine "
            "needs the same. `python -m tools.new_keys` prints new ones; those used until now are files in DATA_DIR."
        )
    return is_server


def database(data_dir: Path, connections: int) -> dict[str, Any]:
    """Django's settings of it; on PostgreSQL at most so many connections for each process."""
    default = f"sqlite:///{data_dir / 'punctual.sqlite3'}"
    found = environment.url("DATABASE_URL", default, Env.db_url_config)
    if found["ENGINE"] == POSTGRESQL:
        return _postgresql(found, connections)
    if found["ENGINE"] != SQLITE:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    # IMMEDIATE and the timeout let racing claims wait for each other; FULL makes a claim survive a power cut.
    found["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
    }
    return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, **found}


def queues(names: tuple[str, ...], data_dir: Path) -> list[Store]:
    url = redis_url()
    return [RedisStore(name, url) if url else FileStore(name, data_dir / "queue.sqlite3") for name in names]


def cache() -> dict[str, Any]:
    """Where sign-in limits are counted, the same for all processes."""
    table = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
    if not (url := redis_url()):
        return {"default": table}
    quick = {"socket_timeout": 1, "socket_connect_timeout": 1}
    redis = {"BACKEND": "project.caches.RedisOrTable", "LOCATION": url, "KEY_PREFIX": "punctual", "OPTIONS": quick}
    return {"default": redis, "table": table}


def redis_url() -> str:
    url = environment.text("REDIS_URL")
    if not url:
        return ""
    try:
        parse_url(url)
    except ValueError:
        url = ""
    if not url.startswith(REDIS_SCHEMES):
        # Without the value: it may hold a password.
        raise ImproperlyConfigured("REDIS_URL is not like rediss://:PASSWORD@queue.example.org:6379/0.")
    return url


def media() -> dict[str, Any]:
    """Where pictures and videos are kept: an S3 bucket, or else a folder of this machine."""
    bucket = environment.text("S3_BUCKET")
    access_key, secret_key = environment.text("S3_ACCESS_KEY"), environment.text("S3_SECRET_KEY")
    endpoint, region = environment.origin("S3_ENDPOINT"), environment.text("S3_REGION")
    if not bucket:
        if access_key or secret_key or endpoint:
            raise ImproperlyConfigured("S3_BUCKET must be set with the other S3 settings.")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if bool(access_key) != bool(secret_key):
        raise ImproperlyConfigured(
            "S3_ACCESS_KEY and S3_SECRET_KEY go together; without both, the machine's role counts."
        )
    keys = {"access_key": access_key or None, "secret_key": secret_key or None}
    place = {"endpoint_url": endpoint or None, "region_name": region or None}
    # A store of one's own seldom has a host name for each bucket.
    style = {"addressing_style": "path" if endpoint else "auto"}
    return {"BACKEND": "project.buckets.PrivateBucket", "OPTIONS": {"bucket_name": bucket, **keys, **place, **style}}


def _postgresql(found: dict[str, Any], connections: int) -> dict[str, Any]:
    # Connections are borrowed for a query or a transaction, so a few do for many threads.
    pool = {"min_size": 1, "max_size": connections, "timeout": 5, "max_idle": 120}
    options = {**WATCHFUL, **PREPARED, **found.get("OPTIONS", {}), "pool": pool}
    return {**found, "ENGINE": "project.postgresql", "OPTIONS": options, "CONN_MAX_AGE": 0}
