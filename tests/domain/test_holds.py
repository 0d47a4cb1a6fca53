"""What a hold leaves behind when it goes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduler_ui.domain import accounts, deliveries, holds, pauses
from scheduler_ui.models import Delivery, Hold
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("minutes", "kept"), [(-5, Hold.PAUSED), (60, Hold.NONE)])
def test_hold_that_kept_something_past_its_time_is_remembered(minutes, kept):
    account = an_account(a_workspace(a_user()))
    a_post(account.workspace, account, scheduled_for=timezone.now() + timedelta(minutes=minutes))
    accounts.pause(account)
    assert Delivery.objects.get().held_for == Hold.NONE
    accounts.resume(account)
    assert (Delivery.objects.get().hold_reason, Delivery.objects.get().held_for) == (Hold.NONE, kept)


def test_hold_is_forgotten_with_a_new_time():
    account = an_account(a_workspace(person := a_user()))
    delivery = a_delivery(a_post(account.workspace), account, held_for=Hold.PAUSED)
    deliveries.reschedule(delivery, NOW + timedelta(days=2), actor=person, now=NOW)
    assert Delivery.objects.get().held_for == Hold.NONE


def test_pause_of_a_workspace_is_remembered_too():
    account = an_account(workspace := a_workspace(person := a_user()))
    a_post(workspace, account, scheduled_for=timezone.now() - timedelta(minutes=5))
    pauses.pause(workspace, person, timezone.now())
    pauses.resume(workspace)
    assert (Delivery.objects.get().hold_reason, Delivery.objects.get().held_for) == (Hold.NONE, Hold.PAUSED)
    assert workspace.accounts.get() == account


@pytest.mark.embedded_only  # the other database knows how many rows there are, and takes the index of the fewest
def test_hold_is_put_without_reading_all_that_an_account_ever_had():
    account = an_account(a_workspace(a_user()))
    a_post(account.workspace, account)
    with CaptureQueriesContext(connection) as asked:
        holds.put(account)
    updates = [query["sql"] for query in asked if query["sql"].startswith('UPDATE "scheduler_ui_delivery"')]
    with connection.cursor() as cursor:
        plans = [cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchone()[3] for sql in updates]
    found = "delivery_of_account (workspace_id=? AND account_id=? AND tab=?)"
    assert [found in plan for plan in plans] == [True, True], plans
