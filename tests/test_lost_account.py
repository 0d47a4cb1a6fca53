"""An account is revoked, connected again, and both groups of its posts go out: through every layer."""

from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.engine import clock, deliver
from scheduler_ui.models import Account, Delivery, Notice, RehearsalArrival, Status
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    settings = {"kind": "key", "name": "Rehearsal", "behaviour": "unauthorized"}
    return an_account(
        a_workspace(a_user()), remote_id="rehearsal", handle="rehearsal", name="Rehearsal", settings=settings
    )


@pytest.fixture
def member(client, account):
    client.force_login(account.workspace.memberships.get().user)
    return client


def a_due_post(account, text):
    a_post(account.workspace, account, text=text, scheduled_for=clock.now() - timedelta(milliseconds=5))


def work():
    """What a worker does with everything that is due."""
    for delivery in Delivery.objects.filter(due_at__isnull=False, hold_reason="").order_by("pk"):
        deliver.deliver(delivery.pk)


def statuses():
    return list(Delivery.objects.order_by("pk").values_list("status", "hold_reason"))


def test_a_revoked_account_loses_nothing(account, member):
    a_due_post(account, "first")
    work()
    a_due_post(account, "second")
    Delivery.objects.filter(post__text="second").update(hold_reason="reconnect")
    work()
    assert statuses() == [(Status.FAILED, ""), (Status.SCHEDULED, "reconnect")]
    assert Account.objects.get().state == Account.State.RECONNECT
    assert set(Notice.objects.values_list("kind", flat=True)) == {"failed", "account"}

    url = reverse("account_reconnect", args=[account.public_id])
    member.post(url, {"name": "Rehearsal", "kind": "key"})
    member.post(reverse("rehearsal_configure", args=[account.public_id]), {"kind": "key", "behaviour": "accept"})
    member.post(reverse("account_publish_failed", args=[account.public_id]))
    Delivery.objects.update(due_at=clock.now() - timedelta(milliseconds=5))
    work()
    assert statuses() == [(Status.PUBLISHED, ""), (Status.PUBLISHED, "")]
    accepted = RehearsalArrival.objects.filter(is_accepted=True).order_by("text").values_list("text", flat=True)
    assert list(accepted) == ["first", "second"]
