"""Huey's PostgresHuey."""

from huey import PostgresHuey

from tests.bench.peers import raw_huey, work

huey = PostgresHuey("bench", dsn=work.DATABASE_URL)


class Peer(raw_huey.Raw):
    title = "Huey on PostgreSQL"
    module = "huey_postgres"
    tasks = raw_huey.tasks(huey)
