"""What must not grow with the table: the due check, a month of the calendar, a page of the queue, a poll.

Run as a program like `tests.bench.ours`; prints one line of JSON per size.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import psutil

from project.start import start
from tests.bench import tabs
from tests.bench.options import Options

MONTH, DUE, ROUNDS = 2000, 10, 31
# All but the month's posts and what is due lie beyond the month, a minute apart: a million is two years of it.
BEYOND = timedelta(days=70)


def run(options: Options) -> None:
    from scheduler_ui.models import Delivery
    from tests.bench import filling, growth

    now = datetime.now(UTC)
    accounts = filling.accounts("bench", options.accounts, "rehearsal")
    filling.schedule(accounts, _month(now))
    client = signed_in(accounts[0].workspace)
    filling.schedule(accounts, {number: now.timestamp() - 1 for number in range(MONTH + 1, MONTH + DUE + 1)})
    template = Delivery.objects.latest("id")
    due, done = _due(), MONTH + DUE
    for size in options.sizes:
        growth.copy_posts(template, done + 1, size, now + BEYOND, "i * 60")
        growth.settle_statistics()
        done = size
        check, pages = _check(due), _page(client, now) | _queue(client) | _poll(client)
        sys.stdout.write(json.dumps({"rows": size} | check | pages) + "\n")
        sys.stdout.flush()


def _month(now: datetime) -> dict[int, float]:
    """Two thousand posts evenly over the next month but one, away from the due check's look-ahead."""
    first = _next_month(now).timestamp()
    return {number: first + number * 28 * 86_400 / MONTH for number in range(1, MONTH + 1)}


def _next_month(now: datetime) -> datetime:
    return (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)


def _due() -> list[int]:
    from scheduler_ui.models import Delivery

    return list(Delivery.objects.order_by("-id").values_list("pk", flat=True)[:DUE])


def _check(due: list[int]) -> dict[str, float]:
    """Milliseconds of one due check that finds ten, due this second or for ten minutes, and of one that finds none.

    The two go different ways: what is overdue is judged by its late policy first.
    """
    from scheduler_ui.engine import offers
    from scheduler_ui.engine.seats import seats
    from scheduler_ui.models import Delivery

    spent: list[float] = []

    def check(since: float) -> None:
        at, woken = datetime.now(UTC) - timedelta(seconds=since), []
        Delivery.objects.filter(pk__in=due).update(due_at=at, scheduled_for=at, queued_at=None)
        began = time.perf_counter()
        offers.offer_due(datetime.now(UTC), lambda offered: woken.extend(key for key, _at in offered))
        spent.append((time.perf_counter() - began) * 1000)
        assert sorted(woken) == sorted(due), woken
        seats.forget()  # nobody here takes what was offered

    def look() -> None:
        began = time.perf_counter()
        assert not offers.has_work(datetime.now(UTC))
        spent.append((time.perf_counter() - began) * 1000)

    works = {"due_check_ms": lambda: check(1), "overdue_check_ms": lambda: check(600), "look_ms": look}
    return {name: _median(work, spent) for name, work in works.items()}


def _median(work: Callable[[], None], spent: list[float]) -> float:
    work()
    spent.clear()
    for _ in range(ROUNDS):
        work()
    return round(statistics.median(spent), 3)


def signed_in(workspace):
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(workspace.memberships.get().user)
    return client


def _page(client, now: datetime) -> dict[str, float]:
    """CPU of the server, the database's own included, for the month's page."""
    address = "/?" + urlencode({"date": f"{_next_month(now) + timedelta(days=9):%Y-%m-%d}"})
    answer = client.get(address)
    assert answer.status_code == 200
    assert b"more" in answer.content
    return {"month_cpu_ms": cpu(lambda: client.get(address)), "month_kb": len(answer.content) // 1024}


def _queue(client) -> dict[str, float]:
    assert client.get("/queue/").status_code == 200
    return {"queue_cpu_ms": cpu(lambda: client.get("/queue/"))}


def _poll(client) -> dict[str, float]:
    poll = tabs.poll_of(client.get("/").content.decode())
    assert client.get(poll, headers={"HX-Request": "true"}).status_code == 204
    return {"poll_cpu_ms": cpu(lambda: [client.get(poll, headers={"HX-Request": "true"}) for _ in range(10)], 10)}


def cpu(ask: Callable[[], object], each: int = 1, rounds: int = ROUNDS) -> float:
    """Milliseconds of each of so many, of this process and its database."""
    ask()
    before = _spent()
    for _ in range(rounds):
        ask()
    return round((_spent() - before) * 1000 / rounds / each, 2)


def _spent() -> float:
    """Seconds of CPU of this process and of its database's backend."""
    from django.db import connection

    spent = time.process_time()
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        spent += sum(psutil.Process(connection.connection.info.backend_pid).cpu_times()[:2])
    return spent


if __name__ == "__main__":
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    start()
    run(Options.read())
