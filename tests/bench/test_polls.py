"""What a tab that only watches costs, beside what drawing its 200 rows costs."""

import re
import statistics
import sys
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.factories import a_post, a_user, a_workspace, an_account


def cpu(call, times):
    spent = []
    for _ in range(times):
        began = time.process_time()
        call()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["queue", "calendar"])
def test_idle_poll(client, page, django_assert_num_queries):
    owner = a_user()
    workspace = a_workspace(owner)
    account = an_account(workspace)
    for number in range(200):
        a_post(workspace, account, scheduled_for=timezone.now() + timedelta(minutes=90 + number), text=f"Post {number}")
    client.force_login(owner)
    url = reverse(page)
    poll = re.search(r'hx-get="([^"]*seen=[^"]*)"', client.get(url).content.decode())[1].replace("&amp;", "&")

    def ask():
        return client.get(poll, headers={"HX-Request": "true"})

    with django_assert_num_queries(2):
        assert ask().status_code == 204
    idle, full = cpu(ask, 200), cpu(lambda: client.get(url), 20)
    sys.stdout.write(
        f"\nidle poll of the {page} (aim: 1/30): 2 queries, {idle:.2f} ms; "
        f"200 rows in full {full:.1f} ms: 1/{full / idle:.0f}\n"
    )
