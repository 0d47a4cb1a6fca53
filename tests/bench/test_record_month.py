"""A month of 10,000 posts on the on-time page: CPU of the server, without the network."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scheduler_ui.models import Attempt, Delivery, Post, Status
from tests.bench.test_calendar_month import milliseconds, say
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def a_month_of(workspace, posts):
    """Two of a hundred were late, and sent twice."""
    account = an_account(workspace)
    start = NOW.replace(day=1)
    times = [start + timedelta(minutes=30_000 * number / posts) for number in range(posts)]
    written = Post.objects.bulk_create(Post(workspace=workspace, text="Winter roast", scheduled_for=at) for at in times)
    lateness = [300_000 + number if number % 50 == 0 else number * 7919 % 120 for number in range(posts)]
    sent = Delivery.objects.bulk_create(
        Delivery(
            workspace=workspace,
            post=post,
            account=account,
            status=Status.PUBLISHED,
            scheduled_for=post.scheduled_for,
            sent_at=post.scheduled_for + timedelta(milliseconds=late),
            late_ms=late,
            payload={"text": "Winter roast is back on Friday. " * 10},
        )
        for post, late in zip(written, lateness, strict=True)
    )
    Attempt.objects.bulk_create(
        Attempt(delivery=delivery, number=number, marked_at=delivery.sent_at, remote_id=str(delivery.pk))
        for delivery in sent
        for number in ((1, 2) if delivery.late_ms > 1000 else (1,))
    )


@pytest.mark.parametrize("posts", [100, 10_000])
def test_month(client, posts):
    person = a_user()
    a_month_of(a_workspace(person), posts)
    with time_machine.travel(NOW, tick=False):
        client.force_login(person)
        with CaptureQueriesContext(connection) as context:
            page = client.get(reverse("record")).context["page"]
            queries = len(context)
        spent = milliseconds(lambda: client.get(reverse("record")))
    say(f"on-time record of {posts} posts (aim: 60 ms CPU): {spent:.1f} ms, {queries} queries")
    assert (page.record.sent, page.record.retried, queries) == (posts, posts // 50, 16)
