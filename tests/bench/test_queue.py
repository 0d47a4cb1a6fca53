"""Ten thousand rows beside fifty: CPU of the server for a page of the queue, and the indexes that its queries use."""

import sys
import time
from datetime import timedelta
from statistics import median

import pytest
from django.db import connection
from django.urls import reverse

from scheduler_ui.domain import queues
from scheduler_ui.domain.queues import Filter, Tab
from scheduler_ui.models import Delivery, Post, Status
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
ROUNDS = 9
STATUSES = (Status.SCHEDULED, Status.PUBLISHED, Status.FAILED, Status.CANCELED)


def fill(workspace, rows):
    """A quarter each upcoming, published, failed and canceled."""
    account = an_account(workspace)
    posts = Post.objects.bulk_create(
        Post(
            workspace=workspace,
            text="Winter roast is back on Friday. " * 5,
            scheduled_for=at,
            local_time=at.replace(tzinfo=None),
        )
        for at in (NOW + timedelta(minutes=number) for number in range(rows))
    )
    Delivery.objects.bulk_create(
        Delivery(
            workspace=workspace,
            post=post,
            account=account,
            status=STATUSES[number % 4],
            scheduled_for=post.scheduled_for,
            due_at=post.scheduled_for if number % 4 == 0 else None,
        )
        for number, post in enumerate(posts)
    )


def milliseconds(ask):
    ask()
    spent = []
    for _round in range(ROUNDS):
        began = time.process_time()
        ask()
        spent.append((time.process_time() - began) * 1000)
    return median(spent)


def page_of(client, rows, **query):
    person = a_user()
    workspace = a_workspace(person)
    fill(workspace, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(person)
    return workspace, milliseconds(lambda: client.get(reverse("queue"), query))


@pytest.mark.parametrize("query", [{}, {"tab": "published"}, {"q": "friday"}], ids=["upcoming", "published", "search"])
def test_queue_of_ten_thousand_beside_fifty(client, query):
    _few, small = page_of(client, 200, **query)  # 50 of each
    _many, large = page_of(client, 10_000, **query)
    sys.stdout.write(f"\nqueue, {query or 'upcoming'}: 50 rows {small:.1f} ms, 10,000 rows {large:.1f} ms of CPU\n")
    assert large < small * 2


@pytest.mark.parametrize("tab", [Tab.UPCOMING, Tab.PUBLISHED, Tab.FAILED, Tab.CANCELED, Tab.RETRYING])
def test_page_is_read_by_its_index_in_order(client, tab):
    if connection.vendor != "sqlite":
        pytest.skip("the plan is told in SQLite's words")
    workspace, _spent = page_of(client, 2_000)
    rows = queues.rows_of(workspace, Filter(tab)).order_by("scheduled_for", "pk")
    plan = rows[:50].explain()
    assert ("delivery_queue" in plan, "TEMP B-TREE FOR ORDER BY" in plan) == (True, False)
