"""What a hold leaves behind when it goes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from scheduler_ui.domain import accounts, deliveries, pauses
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
