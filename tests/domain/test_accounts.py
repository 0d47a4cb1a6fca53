import threading
from datetime import timedelta

import pytest
from django.db import connection

from scheduler_ui.domain import accounts, platform_tools, vault
from scheduler_ui.models import Account, Delivery, Event, Hold, Notice, Post, Status
from scheduler_ui.platforms.outcomes import Unauthorized, Unavailable
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

State = Account.State


@pytest.fixture
def person(db):
    return a_user()


@pytest.fixture
def account(person, fake):
    account = an_account(a_workspace(person), platform="fake")
    account.secrets = vault.seal(account.public_id, {"token": "old"})
    account.save()
    return account


def deliveries(account, *statuses, **fields):
    return [
        a_delivery(a_post(account.workspace), account, status=status, scheduled_for=NOW, **fields)
        for status in statuses
    ]


def holds_of(account):
    return list(Delivery.objects.filter(account=account).order_by("pk").values_list("status", "hold_reason"))


def test_pause_holds_what_waits_and_only_that(account):
    other = an_account(account.workspace)
    deliveries(account, Status.SCHEDULED, Status.RETRYING, Status.PUBLISHED)
    deliveries(other, Status.SCHEDULED)
    assert accounts.pause(account) == 2
    assert holds_of(account) == [("scheduled", "paused"), ("retrying", "paused"), ("published", "")]
    assert holds_of(other) == [("scheduled", "")]
    assert account.is_paused


def test_resume_releases_and_has_it_offered_afresh(account):
    deliveries(account, Status.SCHEDULED, queued_at=NOW)
    accounts.pause(account)
    Delivery.objects.update(queued_at=NOW)
    assert accounts.resume(account) == 1
    assert list(Delivery.objects.values_list("hold_reason", "queued_at")) == [(Hold.NONE, None)]


@pytest.mark.parametrize("reason", [Hold.BRAKE, Hold.DELETED])
def test_resume_leaves_holds_that_others_put(account, reason):
    deliveries(account, Status.SCHEDULED, hold_reason=reason)
    accounts.pause(account)
    accounts.resume(account)
    assert holds_of(account) == [("scheduled", reason)]


def test_lose_holds_the_others_and_tells_once(account):
    deliveries(account, Status.SCHEDULED, Status.UNCONFIRMED)
    stale = Account.objects.get(pk=account.pk)
    assert accounts.lose(account, "The app password was revoked.", NOW)
    assert not accounts.lose(stale, "The app password was revoked.", NOW)
    assert (account.state, account.state_reason, account.lost_at) == (
        State.RECONNECT,
        "The app password was revoked.",
        NOW,
    )
    assert holds_of(account) == [("scheduled", "reconnect"), ("unconfirmed", "reconnect")]
    notice = Notice.objects.get()
    assert (notice.kind, notice.account, notice.body) == (
        Notice.Kind.ACCOUNT,
        account,
        "The app password was revoked. Posts that are held until then: 1.",
    )


def test_lose_ignores_a_refusal_of_replaced_secrets(account):
    stale = Account.objects.get(pk=account.pk)
    account.secrets = vault.seal(account.public_id, {"token": "newer"})
    account.save()
    assert not accounts.lose(stale, "revoked", NOW)
    assert Account.objects.get().state == State.CONNECTED


def test_refresh_keeps_the_new_secrets_and_frees_the_lease(account):
    data = accounts.refresh(account, NOW)
    kept = Account.objects.get()
    assert data.secrets == {"token": "new"}
    assert vault.open(kept.public_id, kept.secrets) == {"token": "new"}
    assert (kept.token, kept.lease_until) == ("", None)


def test_refresh_takes_what_another_worker_has_saved(account, fake):
    stale = Account.objects.get(pk=account.pk)
    accounts.refresh(account, NOW)
    assert accounts.refresh(stale, NOW).secrets == {"token": "new"}
    assert fake.calls == [("refresh", account.public_id)]


def test_refresh_without_anything_to_renew_is_unauthorized(account, fake):
    fake.script = {"refresh": [None]}
    with pytest.raises(Unauthorized):
        accounts.refresh(account, NOW)
    assert Account.objects.get().token == ""


def test_refresh_takes_over_a_lapsed_lease(account):
    Account.objects.update(token="dead-worker", lease_until=NOW - timedelta(seconds=1))
    assert accounts.refresh(account, NOW).secrets == {"token": "new"}


@pytest.mark.django_db(transaction=True)
def test_two_workers_refresh_once(account, fake):
    entered, leave, results = threading.Event(), threading.Event(), []

    def slowly():
        entered.set()
        leave.wait(10)
        return {"token": "new"}

    def work():
        results.append(accounts.refresh(Account.objects.get(pk=account.pk), NOW).secrets)
        connection.close()

    fake.script = {"refresh": [slowly]}
    first, second = threading.Thread(target=work), threading.Thread(target=work)
    first.start()
    assert entered.wait(10)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    leave.set()
    first.join(10)
    second.join(10)
    assert results == [{"token": "new"}, {"token": "new"}]
    assert fake.calls == [("refresh", account.public_id)]


def test_disconnect_wipes_and_cancels_and_keeps_history(account, person):
    deliveries(account, Status.SCHEDULED, Status.RETRYING, Status.PUBLISHED, Status.PROCESSING, Status.UNCONFIRMED)
    assert accounts.disconnect(account, person, NOW) == 2
    account.refresh_from_db()
    assert (account.state, account.secrets) == (State.DISCONNECTED, "")
    rows = Delivery.objects.order_by("pk").values_list("status", "due_at")
    assert list(rows) == [
        ("canceled", None),
        ("canceled", None),
        ("published", None),
        ("unconfirmed", None),
        ("unconfirmed", None),
    ]
    assert list(Event.objects.values_list("kind", "actor")) == [("canceled", person.pk)] * 2
    assert Post.objects.count() == 5


def test_disconnect_wins_over_a_refresh_in_flight(account, person, fake):
    def disconnected_meanwhile():
        accounts.disconnect(Account.objects.get(pk=account.pk), person, NOW)
        return {"token": "new"}

    fake.script = {"refresh": [disconnected_meanwhile]}
    accounts.refresh(account, NOW)
    kept = Account.objects.get()
    assert (kept.state, kept.secrets, kept.token, kept.lease_until) == (State.DISCONNECTED, "", "", None)


def test_refresh_that_breaks_is_unavailable_and_tells_nothing_of_the_secret(account, fake, caplog):
    fake.script = {"refresh": [ValueError("bad header canary-3c")]}
    with pytest.raises(Unavailable) as caught:
        accounts.refresh(account, NOW)
    assert str(caught.value) == "Something went wrong here while the platform was asked."
    assert "canary" not in caplog.text
    assert "ValueError in fakes.py" in caplog.text


def test_an_account_whose_secrets_cannot_be_read_is_lost_in_words(account, fake):
    account.secrets = vault.seal("another-row", {"token": "old"})
    with pytest.raises(Unauthorized, match="cannot be read any more"):
        platform_tools.platform_for(account).publish({"text": "x"}, "key")
    assert fake.calls == []
