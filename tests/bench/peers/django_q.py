"""django-q2, eight workers: a scheduler that looks every 30 s."""

import sqlite3
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import django
from django.conf import settings

from tests.bench.peers import driver, work


def configure(broker: str) -> None:
    if settings.configured:
        return
    server = urlsplit(work.REDIS_URL)
    brokers = {"orm": {"orm": "default"}, "redis": {"redis": {"host": server.hostname, "port": server.port, "db": 0}}}
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{work.FOLDER}/django_q.sqlite3"}
    database["OPTIONS"] = {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas}
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_q"],
        USE_TZ=True,
        SECRET_KEY="bench",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        Q_CLUSTER={"name": "bench", "workers": work.WORKERS, "log_level": "WARNING", **brokers[broker]},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    )
    django.setup()


class DjangoQ(driver.Peer):
    stall = 75.0
    module = ""

    def prepare(self) -> None:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        # Held open: else each hand-over here is the last user of the file and folds its write-ahead log away.
        self._held = sqlite3.connect(f"{work.FOLDER}/django_q.sqlite3")
        self._held.execute("SELECT count(*) FROM django_q_ormq").fetchall()

    def commands(self) -> list[list[str]]:
        run = f"import tests.bench.peers.{self.module}; from django.core.management import call_command"
        return [[sys.executable, "-c", f"{run}; call_command('qcluster')"]]

    def now(self, numbers: range, what: str) -> None:
        from django_q.tasks import async_task

        for number in numbers:
            async_task(f"tests.bench.peers.work.{what}", number)

    def later(self, dues: Mapping[int, float], what: str) -> None:
        from django_q.models import Schedule

        Schedule.objects.bulk_create(
            Schedule(
                func=f"tests.bench.peers.work.{what}",
                args=f"({number},)",
                schedule_type=Schedule.ONCE,
                next_run=datetime.fromtimestamp(due, UTC),
            )
            for number, due in dues.items()
        )

    def burst(self, number: int) -> dict:
        from django_q.brokers import get_broker
        from django_q.scheduler import scheduler

        time.sleep(1)
        return self.tail(number, lambda: scheduler(broker=get_broker()))
