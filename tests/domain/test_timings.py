from datetime import timedelta

import pytest

from scheduler_ui.domain import telling, timings
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.models import Attempt, Delivery, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return a_workspace(a_user())


@pytest.fixture
def post(workspace):
    return a_post(workspace, scheduled_for=NOW)


def told(post):
    deliveries = list(post.deliveries.all())
    found = timings.of_post(post.workspace, deliveries, list(post.events.all()), Clock("Europe/Berlin"))
    return [(timing.late, timing.is_late, list(timing.notes)) for timing in found]


def out(post, milliseconds, **fields):
    sent_at = NOW + timedelta(milliseconds=milliseconds)
    fields = {"status": Status.PUBLISHED, "late_ms": milliseconds, "sent_at": sent_at, "settled_at": sent_at} | fields
    delivery = a_delivery(post, an_account(post.workspace), **fields)
    Delivery.objects.update(created_at=NOW)
    return delivery


def test_what_waits_or_failed_without_a_story_tells_nothing(post):
    a_delivery(post, an_account(post.workspace))
    a_delivery(post, an_account(post.workspace), status=Status.FAILED)
    assert told(post) == []


def test_each_that_is_out_says_how_late(post):
    out(post, 30)
    out(post, 302_000)
    assert told(post) == [("0.03 s", False, []), ("5 min 2 s", True, ["Nothing was written down that tells why."])]


def test_sends_are_counted_from_the_second_on(post):
    delivery = out(post, 30)
    for number in (1, 2):
        Attempt.objects.create(delivery=delivery, number=number, marked_at=NOW)
    assert told(post) == [("0.03 s", False, ["Sent 2 times."])]


def test_asked_and_missed_are_told_of_the_delivery_they_befell(post):
    first = out(post, 30)
    out(post, 40)
    telling.remember("asked", [first], NOW)
    telling.remember("missed", [first, first], NOW)
    assert told(post) == [("0.03 s", False, ["Missed 2 times.", "Asked once."]), ("0.04 s", False, [])]


def test_time_that_the_network_took_is_named_and_not_counted(post):
    out(post, 30, handle={"id": "x"}, settled_at=NOW + timedelta(seconds=42))
    assert told(post) == [("0.03 s", False, ["Known to be public 41 s later: Rehearsal worked on it."])]


def test_one_that_was_late_costs_one_query_more(post, django_assert_num_queries):
    out(post, 30)
    deliveries = list(post.deliveries.select_related("account").prefetch_related("attempts"))
    with django_assert_num_queries(0):
        timings.of_post(post.workspace, deliveries, [], Clock("UTC"))
    deliveries[0].late_ms = 5000
    with django_assert_num_queries(1):
        timings.of_post(post.workspace, deliveries, [], Clock("UTC"))
