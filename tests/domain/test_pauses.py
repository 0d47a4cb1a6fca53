import threading

import pytest
from django.db import connection, transaction

from scheduler_ui.domain import accounts, arming, digests, pauses
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import offers, overdue
from scheduler_ui.models import Account, Delivery, Hold, Notice, Status, Workspace
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace):
    return an_account(workspace)


def holds():
    return list(Delivery.objects.order_by("pk").values_list("status", "hold_reason"))


def test_pause_holds_what_waits_in_the_workspace_and_only_that(workspace, account, person):
    for status in (Status.SCHEDULED, Status.RETRYING, Status.PUBLISHED, Status.UNCONFIRMED):
        a_post(workspace, account, status=status)
    elsewhere = a_workspace()
    a_post(elsewhere, an_account(elsewhere))
    assert pauses.pause(workspace, person, NOW) == 2
    assert holds() == [
        ("scheduled", "paused"),
        ("retrying", "paused"),
        ("published", ""),
        ("unconfirmed", ""),
        ("scheduled", ""),
    ]
    kept = Workspace.objects.get(pk=workspace.pk)
    assert (kept.is_paused, kept.paused_at, kept.paused_by) == (True, NOW, person)
    assert kept.version == 2


def test_a_second_pause_is_refused_and_keeps_who_was_first(workspace, person):
    pauses.pause(workspace, person, NOW)
    with pytest.raises(Refused, match="paused already"):
        pauses.pause(workspace, a_user(), NOW)
    assert Workspace.objects.get(pk=workspace.pk).paused_by == person


def test_what_is_armed_under_the_pause_is_held(workspace, account, person):
    pauses.pause(workspace, person, NOW)
    delivery = a_delivery(a_post(workspace), account, status=Status.DRAFT)
    arming.rearm(delivery, NOW, is_armed=True)
    assert holds() == [("scheduled", "paused")]


def test_resume_releases_but_what_the_account_or_others_hold(workspace, account, person):
    paused, lost = an_account(workspace, is_paused=True), an_account(workspace, state=Account.State.RECONNECT)
    for one, hold in [
        (account, Hold.NONE),
        (account, Hold.BRAKE),
        (account, Hold.DELETED),
        (paused, Hold.PAUSED),
        (lost, Hold.RECONNECT),
    ]:
        a_delivery(a_post(workspace), one, hold_reason=hold, scheduled_for=NOW, queued_at=NOW)
    pauses.pause(workspace, person, NOW)
    assert pauses.resume(workspace) == 1
    assert [hold for _status, hold in holds()] == ["", "brake", "deleted", "paused", "reconnect"]
    assert Delivery.objects.filter(queued_at=None).count() == 1
    assert (workspace.is_paused, workspace.paused_at, workspace.paused_by) == (False, None, None)


def test_an_account_that_is_resumed_stays_held_by_its_workspace(workspace, account, person):
    a_post(workspace, account)
    accounts.pause(account)
    pauses.pause(workspace, person, NOW)
    accounts.resume(account)
    assert holds() == [("scheduled", "paused")]
    pauses.resume(workspace)
    assert holds() == [("scheduled", "")]


@pytest.mark.grown_only
@pytest.mark.django_db(transaction=True)
def test_what_is_being_armed_while_somebody_pauses_is_held_too(workspace, account, person):
    delivery = a_delivery(a_post(workspace), account, status=Status.DRAFT)

    def pause():
        try:
            pauses.pause(Workspace.objects.get(pk=workspace.pk), person, NOW)
        finally:
            connection.close()

    pausing = threading.Thread(target=pause)
    with transaction.atomic():
        arming.rearm(delivery, NOW, is_armed=True)
        pausing.start()
        pausing.join(0.5)
        # It waits for the account's row, which whoever arms holds until it commits.
        assert pausing.is_alive()
    pausing.join(10)
    assert holds() == [("scheduled", "paused")]


@pytest.mark.grown_only
@pytest.mark.django_db(transaction=True)
def test_pause_and_a_worker_that_gives_posts_up_do_not_wait_in_a_circle(workspace, person, account, monkeypatch):
    a_post(workspace, account, scheduled_for=NOW.replace(year=2025))
    tell, has_rows, errors = digests.after_outage, threading.Event(), []

    def tell_later(outages, now):
        has_rows.set()
        threading.Event().wait(0.5)  # by then the pause waits for the row
        tell(outages, now)

    def pause():
        has_rows.wait(5)
        try:
            pauses.pause(workspace, person, NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(digests, "after_outage", tell_later)
    thread = threading.Thread(target=pause)
    thread.start()
    overdue.work_off(NOW, offers.MACHINE, 9, [])
    thread.join(10)
    assert errors == []
    assert (Workspace.objects.get().is_paused, Delivery.objects.get().status) == (True, Status.MISSED)
    assert Notice.objects.get().kind == Notice.Kind.MISSED
