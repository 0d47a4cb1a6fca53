from datetime import timedelta

import pytest

from scheduler_ui.domain import accounts, connections, vault
from scheduler_ui.domain.connections import Asked
from scheduler_ui.models import Account, Attempt, Delivery, Hold, Post, Status
from scheduler_ui.platforms.base import Connected, Profile
from scheduler_ui.platforms.outcomes import ConnectError, Unavailable
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

State = Account.State


@pytest.fixture
def person(db):
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person)


def asked(person, platform="fake", **form):
    return Asked(platform, {"handle": "harbor", "password": "canary-77aa"} | form, person)


def connect(workspace, person, **form):
    return connections.connect(workspace, asked(person, **form), NOW).account


def lost(account):
    """One failed by the loss, one failed otherwise, one waiting; then lost."""
    posts = [a_post(account.workspace, scheduled_for=NOW + timedelta(hours=1)) for _ in range(3)]
    failed, other = (a_delivery(post, account, status=Status.FAILED) for post in posts[:2])
    a_delivery(posts[2], account)
    outcomes = {failed: Attempt.Outcome.UNAUTHORIZED, other: Attempt.Outcome.REJECTED}
    for delivery, outcome in outcomes.items():
        Attempt.objects.create(delivery=delivery, number=1, marked_at=NOW, outcome=outcome)
    accounts.lose(account, "revoked", NOW)
    return failed


def test_connect_keeps_what_was_found_and_seals_the_secrets(workspace, person, fake):
    account = connect(workspace, person)
    kept = Account.objects.get()
    assert (kept.remote_id, kept.handle, kept.name, kept.state) == ("did:harbor", "@harbor", "Harbor", State.CONNECTED)
    assert (kept.settings, kept.connected_by, kept.colour) == ({"server": "here"}, person, 1)
    assert vault.open(account.public_id, kept.secrets) == {"token": "old"}


def test_connect_hands_out_the_least_used_colour(workspace, person, fake):
    colours = [connect(workspace, person, handle=f"harbor{number}").colour for number in range(13)]
    assert colours == [*range(1, 13), 1]


def test_connect_gives_a_disconnected_accounts_colour_away(workspace, person, fake):
    accounts.disconnect(connect(workspace, person), person, NOW)
    assert connect(workspace, person, handle="other").colour == 1


def test_connect_the_same_profile_again_is_the_same_account(workspace, person, fake):
    first = connect(workspace, person)
    accounts.disconnect(first, person, NOW)
    assert connect(workspace, person) == first
    assert Account.objects.get().state == State.CONNECTED


def test_two_workspaces_may_connect_one_profile(workspace, person, fake):
    connect(workspace, person)
    connect(a_workspace(person), person)
    assert Account.objects.count() == 2


@pytest.mark.parametrize(
    ("error", "sentence", "field"),
    [
        (ConnectError("This is no app password.", "password"), "This is no app password.", "password"),
        (Unavailable("here.example could not be reached."), "here.example could not be reached.", ""),
        (RuntimeError("canary-77aa"), "Its answer could not be understood. Nothing was saved.", ""),
    ],
)
def test_connect_fails_in_words_and_keeps_nothing(workspace, person, fake, error, sentence, field):
    fake.script = {"connect": [error]}
    with pytest.raises(ConnectError) as caught:
        connect(workspace, person)
    assert (str(caught.value), caught.value.field) == (sentence, field)
    assert not Account.objects.exists()


def test_a_feeds_address_is_one_of_a_kind(workspace, person):
    connections.connect(workspace, asked(person, "feed", slug="harbor"), NOW)
    with pytest.raises(ConnectError, match="taken") as caught:
        connections.connect(a_workspace(person), asked(person, "feed", slug="harbor"), NOW)
    assert caught.value.field == "slug"


def test_a_feed_needs_nothing(workspace, person):
    account = connections.connect(workspace, Asked("feed", {}, person), NOW).account
    assert (account.name, account.is_connected) == ("Our feed", True)


def test_reconnect_releases_what_was_held(workspace, person, fake):
    account = connect(workspace, person)
    lost(account)
    connections.reconnect(account, asked(person), NOW)
    assert (account.state, account.state_reason, account.lost_at) == (State.CONNECTED, "", None)
    assert set(Delivery.objects.values_list("hold_reason", flat=True)) == {Hold.NONE}
    assert Post.objects.count() == 3


def test_reconnect_leaves_a_pause_in_place(workspace, person, fake):
    account = connect(workspace, person)
    accounts.pause(account)
    lost(account)
    connections.reconnect(account, asked(person), NOW)
    assert Delivery.objects.get(status=Status.SCHEDULED).hold_reason == Hold.PAUSED


def test_reconnect_refuses_somebody_else_by_name(workspace, person, fake):
    account = connect(workspace, person)
    lost(account)
    with pytest.raises(ConnectError) as caught:
        connections.reconnect(account, asked(person, handle="tom"), NOW)
    assert str(caught.value) == "That is @tom, not @harbor. Connect it as an account of its own."
    assert Account.objects.get().state == State.RECONNECT


def test_reconnect_keeps_how_a_rehearsal_behaves(workspace, person):
    account = an_account(workspace, remote_id="rehearsal", settings={"kind": "key", "behaviour": "lost"})
    connections.reconnect(account, Asked("rehearsal", {"name": "Rehearsal", "kind": "key"}, person), NOW)
    assert account.settings["behaviour"] == "lost"


def test_what_must_be_copied_is_handed_out_and_not_kept_in_the_open(workspace, person, fake):
    profile = Profile("hook", "hook")
    fake.script = {"connect": [Connected(profile, secrets={"s": "whsec_1"}, show_once=("Secret", "whsec_1"))]}
    done = connections.connect(workspace, asked(person), NOW)
    assert done.show_once == ("Secret", "whsec_1")
    assert "whsec_1" not in repr(done)


def test_after_reconnecting_both_groups_go_out_when_a_person_says_so(workspace, person, fake):
    account = connect(workspace, person)
    failed = lost(account)
    connections.reconnect(account, asked(person), NOW)
    assert list(connections.failed_by_loss(account)) == [failed]
    assert connections.publish_failed(account, person, NOW) == 1
    failed.refresh_from_db()
    assert (failed.status, failed.hold_reason) == (Status.SCHEDULED, Hold.NONE)
    assert not connections.failed_by_loss(account).exists()


def test_reconnect_leaves_what_was_decided_while_the_platform_was_asked(workspace, person, fake):
    account = connect(workspace, person)
    account.refresh_from_db()
    decided = {"is_paused": True, "waits_until": NOW + timedelta(hours=1), "blind_choice": Account.Blind.SENT}

    def answer():
        Account.objects.filter(pk=account.pk).update(**decided)
        return Connected(Profile("did:harbor", "@harbor"), secrets={"token": "new"})

    fake.script = {"connect": [answer]}
    connections.reconnect(account, asked(person), NOW)
    kept = Account.objects.values(*decided).get()
    assert (kept, vault.open(account.public_id, account.secrets)) == (decided, {"token": "new"})


def test_what_its_loss_made_fail_is_looked_for_among_the_latest_that_failed(workspace, person, fake, monkeypatch):
    monkeypatch.setattr(connections, "MOST", 1)
    account = connect(workspace, person)
    failed = lost(account)
    later = NOW + timedelta(days=9)
    a_delivery(a_post(workspace, scheduled_for=later), account, status=Status.FAILED)
    assert list(connections.failed_by_loss(account)) == []
    monkeypatch.setattr(connections, "MOST", 9)
    assert list(connections.failed_by_loss(account)) == [failed]
