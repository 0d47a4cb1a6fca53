"""A month of 2,000 posts, and what an idle poll costs beside a full render: CPU of the server, without the network."""

import sys
import time
from datetime import timedelta
from statistics import median

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduler_ui.models import Delivery, Post, Status
from scheduler_ui.views.boards import SEEN
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
ROUNDS = 15


def a_full_month(workspace, posts):
    """Spread over November, each to two accounts."""
    accounts = [an_account(workspace), an_account(workspace)]
    start = NOW.replace(day=1, hour=6)
    written = Post.objects.bulk_create(
        Post(
            workspace=workspace,
            text="Winter roast is back on Friday. First fifty bags come with a tasting card. " * 3,
            scheduled_for=at,
            local_time=at.replace(tzinfo=None),
        )
        for at in (start + timedelta(minutes=21 * number * 2000 // posts) for number in range(posts))
    )
    Delivery.objects.bulk_create(
        Delivery(
            workspace=workspace, post=post, account=account, status=Status.PUBLISHED, scheduled_for=post.scheduled_for
        )
        for post in written
        for account in accounts
    )


def say(line):
    sys.stdout.write(f"\n{line}\n")


def milliseconds(ask):
    ask()
    spent = []
    for _round in range(ROUNDS):
        began = time.process_time()
        ask()
        spent.append((time.process_time() - began) * 1000)
    return median(spent)


@pytest.fixture
def member(client):
    person = a_user()
    workspace = a_workspace(person)
    client.force_login(person)
    client.workspace = workspace
    return client


@pytest.mark.parametrize("posts", [200, 2000])
def test_month(member, posts):
    a_full_month(member.workspace, posts)
    address = {"date": "2026-11-23"}
    with CaptureQueriesContext(connection) as context:
        size = len(member.get("/", address).content) // 1024
        queries = len(context)
    spent = milliseconds(lambda: member.get("/", address))
    say(f"month of {posts} posts (aim: 60 ms CPU, 10 queries): {spent:.1f} ms, {queries} queries, {size} kB")
    assert queries <= 10


@pytest.mark.parametrize("view", ["month", "list"])
def test_idle_poll(member, view):
    a_full_month(member.workspace, 200)
    address = {"date": "2026-11-23", "view": view}
    full = milliseconds(lambda: member.get("/", address))
    poll = member.get("/", address).context["poll"].url
    assert SEEN in poll
    idle = milliseconds(lambda: [member.get(poll, headers={"HX-Request": "true"}) for _time in range(20)]) / 20
    assert member.get(poll, headers={"HX-Request": "true"}).status_code == 204
    say(
        f"idle poll (aim: 1/30 of a full render): {idle:.2f} ms, {view} of 200 posts {full:.1f} ms, 1/{full / idle:.0f}"
    )
