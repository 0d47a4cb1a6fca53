import pytest
from django.core.exceptions import ImproperlyConfigured

from project import shapes
from scheduler_ui.engine.stores import FileStore, RedisStore
from tests.rig.servers import KEYS

POSTGRES = "postgres://me:p%40ss@db.example.org:5433/punctual?sslmode=require"
REDIS = "rediss://:p%40ss@queue.example.org:6380/2"
GROWN = {"DATABASE_URL": POSTGRES, "REDIS_URL": REDIS, **KEYS}
TOGETHER = "With DATABASE_URL and REDIS_URL, {} must be set too: every process on every machine needs the same. "


@pytest.fixture
def given(monkeypatch):
    def give(**variables):
        for name in (*GROWN, "S3_BUCKET", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return give


@pytest.mark.parametrize(
    ("variables", "is_grown"),
    [({}, False), ({"DATABASE_URL": "sqlite:////srv/p.sqlite3"}, False), (GROWN, True)],
    ids=["nothing", "sqlite", "servers"],
)
def test_shape_is_what_the_environment_says(given, variables, is_grown):
    given(**variables)
    assert shapes.is_grown() is is_grown


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"DATABASE_URL": POSTGRES},
            "DATABASE_URL names a server, so REDIS_URL must be set too: the two go together.",
        ),
        (
            {"REDIS_URL": REDIS},
            "REDIS_URL is set, so DATABASE_URL must be postgres://… too: the two go together.",
        ),
        (
            {"REDIS_URL": REDIS, "DATABASE_URL": "sqlite:////srv/p.sqlite3"},
            "REDIS_URL is set, so DATABASE_URL must be postgres://… too: the two go together.",
        ),
        (GROWN | {"QUEUE_KEYS": "", "TOKEN_KEYS": ""}, TOGETHER.format("TOKEN_KEYS and QUEUE_KEYS")),
    ],
)
def test_half_a_shape_is_refused_in_a_sentence(given, variables, words):
    given(**variables)
    with pytest.raises(ImproperlyConfigured) as raised:
        shapes.is_grown()
    assert str(raised.value).startswith(words)
    assert "p%40ss" not in str(raised.value)


def test_postgresql_has_a_pool_of_so_many_connections(given, tmp_path):
    given(**GROWN)
    found = shapes.database(tmp_path, 24)
    place = (found["HOST"], found["PORT"], found["USER"], found["PASSWORD"], found["NAME"])
    assert place == ("db.example.org", 5433, "me", "p@ss", "punctual")
    assert (found["OPTIONS"]["pool"]["max_size"], found["OPTIONS"]["sslmode"]) == (24, "require")
    # Django refuses a pool beside connections that are kept.
    assert (found["CONN_MAX_AGE"], found["ENGINE"]) == (0, "project.postgresql")


def test_sqlite_at_a_path_of_its_own_commits_as_durably(given, tmp_path):
    given(DATABASE_URL=f"sqlite:///{tmp_path / 'p.sqlite3'}")
    found = shapes.database(tmp_path, 24)
    assert (found["NAME"], found["OPTIONS"]["transaction_mode"]) == (str(tmp_path / "p.sqlite3"), "IMMEDIATE")
    assert "synchronous=FULL" in found["OPTIONS"]["init_command"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me:secret@db/punctual", "DATABASE_URL must begin with postgres:// or sqlite:///."),
        ("nonsense", "DATABASE_URL is not a URL that can be used."),
    ],
)
def test_other_database_is_refused(given, tmp_path, url, words):
    given(DATABASE_URL=url)
    with pytest.raises(ImproperlyConfigured) as raised:
        shapes.database(tmp_path, 24)
    assert str(raised.value) == words


def test_queue_is_a_file_or_redis(given, tmp_path):
    given()
    assert [type(store) for store in shapes.queues(("a", "b"), tmp_path)] == [FileStore, FileStore]
    given(**GROWN)
    store = shapes.queues(("a",), tmp_path)[0]
    known = store.pool.connection_kwargs
    assert (type(store), known["host"], known["port"], known["password"]) == (
        RedisStore,
        "queue.example.org",
        6380,
        "p@ss",
    )
    assert (store.pool.connection_class.__name__, known["db"], known["socket_timeout"]) == ("SSLConnection", 2, 1.0)


@pytest.mark.parametrize(
    "url", ["http://queue:6379", "queue:6379", "redis://:secret@queue:port/0", "unix:///run/redis"]
)
def test_url_of_no_redis_is_refused_without_its_password(given, url):
    given(REDIS_URL=url)
    with pytest.raises(ImproperlyConfigured) as raised:
        shapes.redis_url()
    assert str(raised.value) == "REDIS_URL is not like rediss://:PASSWORD@queue.example.org:6379/0."


def test_limits_are_counted_in_the_table_or_in_redis(given):
    given()
    assert shapes.cache()["default"]["BACKEND"].endswith("DatabaseCache")
    given(**GROWN)
    assert shapes.cache()["default"]["BACKEND"] == "project.caches.RedisOrTable"


def test_media_are_in_a_folder_or_in_a_bucket(given):
    given()
    assert shapes.media() == {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    given(S3_BUCKET="b", S3_ENDPOINT="https://s3.example.org", S3_ACCESS_KEY="a", S3_SECRET_KEY="s", S3_REGION="r")
    assert shapes.media() == {
        "BACKEND": "project.buckets.PrivateBucket",
        "OPTIONS": {
            "bucket_name": "b",
            "access_key": "a",
            "secret_key": "s",
            "endpoint_url": "https://s3.example.org",
            "region_name": "r",
            "addressing_style": "path",
        },
    }


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"S3_ENDPOINT": "https://s3.example.org"}, "S3_BUCKET must be set with the other S3 settings."),
        (
            {"S3_BUCKET": "b", "S3_ACCESS_KEY": "a"},
            "S3_ACCESS_KEY and S3_SECRET_KEY go together; without both, the machine's role counts.",
        ),
    ],
)
def test_half_a_store_is_refused(given, variables, words):
    given(**variables)
    with pytest.raises(ImproperlyConfigured) as raised:
        shapes.media()
    assert str(raised.value) == words
