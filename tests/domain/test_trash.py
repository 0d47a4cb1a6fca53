from datetime import timedelta

import pytest

from scheduler_ui.domain import accounts, trash
from scheduler_ui.domain.refusals import AlreadyStarted, Refused
from scheduler_ui.models import Account, Delivery, Event, Hold, Post, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor():
    return a_user()


@pytest.fixture
def workspace(actor):
    return a_workspace(actor)


def holds(post):
    return set(post.deliveries.values_list("hold_reason", flat=True))


def test_delete_holds_everything_and_remembers_who(workspace, actor):
    post = a_post(workspace, an_account(workspace))
    a_delivery(post, an_account(workspace), status=Status.PUBLISHED)
    version = workspace.version
    trash.delete(post, actor=actor, now=NOW)
    workspace.refresh_from_db()
    event = Event.objects.get(post=post)
    assert (holds(post), Post.objects.get().deleted_at) == ({Hold.DELETED}, NOW)
    assert (event.kind, event.actor, workspace.version > version) == ("deleted", actor, True)


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.PROCESSING])
def test_delete_is_refused_while_it_goes_out(workspace, actor, status):
    post = a_post(workspace, an_account(workspace))
    a_delivery(post, an_account(workspace), status=status)
    with pytest.raises(AlreadyStarted, match="going out now"):
        trash.delete(post, actor=actor, now=NOW)
    assert (holds(post), Post.objects.get().deleted_at) == ({Hold.NONE}, None)


def test_delete_voids_what_was_offered(workspace, actor):
    post = a_post(workspace)
    offered = a_delivery(post, an_account(workspace), queued_at=NOW)
    trash.delete(post, actor=actor, now=NOW)
    found = Delivery.objects.get()
    assert (found.queued_at, found.version) == (None, offered.version + 1)


def test_delete_twice_is_remembered_once(workspace, actor):
    post = a_post(workspace)
    trash.delete(post, actor=actor, now=NOW)
    trash.delete(post, actor=actor, now=NOW + timedelta(days=1))
    assert (Event.objects.count(), Post.objects.get().deleted_at) == (1, NOW)


@pytest.mark.parametrize(
    ("status", "account", "hold"),
    [
        (Status.SCHEDULED, {}, Hold.NONE),
        (Status.SCHEDULED, {"is_paused": True}, Hold.PAUSED),
        (Status.RETRYING, {"state": Account.State.RECONNECT}, Hold.RECONNECT),
        (Status.UNCONFIRMED, {"state": Account.State.RECONNECT}, Hold.RECONNECT),
        (Status.UNCONFIRMED, {"is_paused": True}, Hold.NONE),
        (Status.PUBLISHED, {"is_paused": True}, Hold.NONE),
    ],
)
def test_restore_leaves_the_hold_that_the_account_asks_for(workspace, actor, status, account, hold):
    post = a_post(workspace)
    a_delivery(post, an_account(workspace, **account), status=status)
    trash.delete(post, actor=actor, now=NOW)
    trash.restore(post, actor=actor, now=NOW)
    assert (holds(post), Post.objects.get().deleted_at) == ({hold}, None)


def test_restore_of_what_is_not_in_the_trash_is_refused(workspace, actor):
    with pytest.raises(Refused):
        trash.restore(a_post(workspace), actor=actor, now=NOW)


def test_disconnecting_its_account_takes_nothing_out_of_the_trash(workspace, actor):
    account = an_account(workspace)
    post = a_post(workspace)
    a_delivery(post, account, status=Status.UNCONFIRMED, due_at=NOW)
    trash.delete(post, actor=actor, now=NOW)
    accounts.disconnect(account, actor, NOW)
    assert holds(post) == {Hold.DELETED}


def test_destroy_removes_only_what_is_in_the_trash(workspace, actor):
    post = a_post(workspace, an_account(workspace))
    with pytest.raises(Refused):
        trash.destroy(post)
    trash.delete(post, actor=actor, now=NOW)
    trash.destroy(post)
    assert (Post.objects.count(), Delivery.objects.count()) == (0, 0)


def test_purge_removes_what_has_waited_thirty_days(workspace):
    a_post(workspace, an_account(workspace), text="old", deleted_at=NOW - timedelta(days=30, seconds=1))
    a_post(workspace, text="young", deleted_at=NOW - timedelta(days=29))
    a_post(workspace, text="kept")
    assert trash.purge(NOW) == 1
    assert set(Post.objects.values_list("text", flat=True)) == {"young", "kept"}


def test_posts_in_the_trash_are_the_workspaces_own_latest_first(workspace):
    for days in (2, 1):
        a_post(workspace, text=str(days), deleted_at=NOW - timedelta(days=days))
    a_post(a_workspace(a_user()), deleted_at=NOW)
    a_post(workspace)
    assert [post.text for post in trash.posts_in(workspace)] == ["1", "2"]
