"""A cache on Redis that goes on in the database's table while Redis is away: no page breaks and no limit is lifted."""

import logging
import time
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
# So long after an error Redis is left alone, in seconds: one that hangs would cost every request a second.
PAUSE = 5
# What the others of Django's methods are made of.
METHODS = ("add", "get", "set", "touch", "delete", "incr", "has_key", "get_many", "set_many", "delete_many", "clear")


class RedisOrTable(RedisCache):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._resting_until = 0.0

    def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._resting_until:
            try:
                return getattr(super(), method)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._resting_until = time.monotonic() + PAUSE
                logger.warning("Redis is away (%s): limits are counted in the database", error)
        return getattr(caches["table"], method)(*args, **kwargs)


def _asking(method: str) -> Any:
    def ask(self: RedisOrTable, *args: Any, **kwargs: Any) -> Any:
        return self._ask(method, *args, **kwargs)

    return ask


for _method in METHODS:
    setattr(RedisOrTable, _method, _asking(_method))
