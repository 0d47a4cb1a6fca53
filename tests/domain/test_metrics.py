from datetime import timedelta

import pytest

from scheduler_ui.domain import metrics
from scheduler_ui.models import Installation, Status, Worker
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def lines():
    told = metrics.exposed(metrics.read(NOW)).splitlines()
    return dict(line.rsplit(" ", 1) for line in told if not line.startswith("#"))


@pytest.fixture
def out():
    account = an_account(a_workspace(a_user()))

    def write(late_ms, at=NOW, status=Status.PUBLISHED):
        return a_delivery(a_post(account.workspace, scheduled_for=at), account, status=status, late_ms=late_ms)

    return write


def test_empty_installation_has_every_figure():
    found = lines()
    assert {name: found[name] for name in ("punctual_worker_alive", "punctual_workers", "punctual_overdue")} == {
        "punctual_worker_alive": "0",
        "punctual_workers": "0",
        "punctual_overdue": "0",
    }
    assert (found["punctual_next_due_seconds"], found["punctual_lateness_seconds_count"]) == ("-1", "0")


def test_lateness_is_a_histogram_that_adds_up(out):
    for late_ms in (4, 5, 6, 999, 4_000_000):
        out(late_ms)
    out(50, status=Status.PROCESSING)
    found = lines()
    bucket = {key.partition('le="')[2].rstrip('"}'): value for key, value in found.items() if "_bucket" in key}
    assert bucket == {
        **{"0.005": "2", "0.01": "3", "0.025": "3", "0.05": "4", "0.1": "4", "0.25": "4", "0.5": "4", "1": "5"},
        **{"5": "5", "30": "5", "60": "5", "300": "5", "3600": "5", "+Inf": "6"},
    }
    assert (found["punctual_lateness_seconds_count"], found["punctual_lateness_seconds_sum"]) == ("6", "4001.064")


def test_lateness_is_of_what_was_promised_for_today(out):
    out(10, at=NOW - timedelta(hours=9))
    out(10, at=NOW + timedelta(hours=17))
    out(None)
    assert lines()["punctual_lateness_seconds_count"] == "0"
    out(10, at=NOW - timedelta(hours=8))
    assert lines()["punctual_lateness_seconds_count"] == "1"


def test_counts_per_status_are_of_what_is_open(out):
    for status in (Status.FAILED, Status.FAILED, Status.MISSED, Status.PUBLISHED):
        out(None, status=status)
    found = lines()
    assert [found[f'punctual_deliveries{{status="{status}"}}'] for status in metrics.OPEN] == list("000021")


def test_workers_and_what_troubles_them():
    Installation.objects.create(pk=1, refused_messages=7, scheduling_enabled=False)
    for number, seconds in enumerate((1, 2, 60)):
        Worker.objects.create(
            host="harbor",
            pid=number,
            threads=16,
            started_at=NOW,
            beat_at=NOW - timedelta(seconds=seconds),
            clock_offset_ms=-1500 * number,
            is_clock_off=bool(number),
            is_queue_away=bool(number),
        )
    found = lines()
    names = (
        "worker_alive",
        "workers",
        "worker_threads",
        "worker_clock_offset_seconds",
        "workers_with_wrong_clock",
        "queue_away",
    )
    assert [found[f"punctual_{name}"] for name in names] == ["1", "2", "32", "1.5", "1", "1"]
    assert (found["punctual_refused_messages_total"], found["punctual_publishing_enabled"]) == ("7", "0")


def test_large_numbers_are_not_rounded(out):
    Installation.objects.create(pk=1, refused_messages=12_345_678)
    assert lines()["punctual_refused_messages_total"] == "12345678"


@pytest.mark.parametrize("rows", [0, 3])
def test_queries_are_as_many_whatever_there_is(out, rows, django_assert_num_queries):
    for number in range(rows):
        out(number)
    with django_assert_num_queries(10):
        metrics.read(NOW)


def test_format_is_what_prometheus_reads():
    told = metrics.exposed(metrics.read(NOW))
    assert told.endswith("\n")
    for name in (
        "punctual_worker_alive gauge",
        "punctual_refused_messages_total counter",
        "punctual_lateness_seconds histogram",
    ):
        assert f"# TYPE {name}\n" in told
