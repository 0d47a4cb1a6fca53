"""Sign-in limits on Redis, and in the database's table while it is away."""

import time

import pytest
from django.core.cache import caches

from project import caches as ours
from tests.rig.servers import Redis


@pytest.fixture
def redis():
    with Redis(password="open sesame") as running:
        yield running


@pytest.fixture
def cache(db, redis, settings):
    table = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
    quick = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
    on_redis = {"BACKEND": "project.caches.RedisOrTable", "LOCATION": redis.url(), "OPTIONS": quick}
    settings.CACHES = {"default": on_redis, "table": table}
    yield caches["default"]
    caches["default"].close()


def test_it_is_counted_on_redis(cache, redis):
    cache.set("tries", 1, 60)
    assert (cache.incr("tries"), caches["table"].get("tries")) == (2, None)
    with redis.client() as client:
        assert len(client.keys("*tries")) == 1


@pytest.mark.parametrize("fault", ["kill", "freeze"])
def test_it_is_counted_in_the_table_while_redis_is_away(cache, redis, fault):
    getattr(redis, fault)()
    started = time.monotonic()
    cache.set("tries", [1], 60)
    for _ in range(20):
        cache.set("tries", [*cache.get("tries"), 1], 60)
    assert (len(cache.get("tries")), time.monotonic() - started < 4) == (21, True)


def test_redis_that_is_back_is_used_again(cache, redis, monkeypatch):
    monkeypatch.setattr(ours, "PAUSE", 0)
    redis.kill()
    assert cache.get("tries") is None
    redis.start()
    cache.set("tries", 1, 60)
    assert caches["table"].get("tries") is None
    assert cache.get("tries") == 1
