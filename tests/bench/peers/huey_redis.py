"""Huey's RedisHuey."""

from huey import RedisHuey

from tests.bench.peers import raw_huey, work

huey = RedisHuey("bench", url=work.REDIS_URL)


class Peer(raw_huey.Raw):
    title = "Huey on Redis"
    module = "huey_redis"
    tasks = raw_huey.tasks(huey)
