from datetime import timedelta

import pytest

from scheduler_ui.domain import notices
from scheduler_ui.models import Delivery, Membership, Notice, Status, Workspace
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account


@pytest.fixture
def workspace(db):
    return a_workspace()


@pytest.fixture
def member(workspace):
    return joined(workspace, NOW)


def joined(workspace, at):
    member = Membership.objects.create(user=a_user(), workspace=workspace)
    Membership.objects.filter(pk=member.pk).update(joined_at=at)
    member.refresh_from_db()
    return member


def tell(workspace, key="failed:1", **words):
    words = {"title": "Not published", "body": "Too long.", "now": NOW} | words
    return notices.tell(Notice.Kind.FAILED, workspace, event_key=key, **words)


def test_tell_keeps_one_row_per_event_and_wakes_the_pages(workspace):
    assert tell(workspace)
    assert not tell(workspace)
    assert Notice.objects.count() == 1
    assert Workspace.objects.get().version == workspace.version + 1


def test_tell_cuts_what_does_not_fit(workspace):
    tell(workspace, title="t" * 300, body="b" * 900)
    notice = Notice.objects.get()
    assert (len(notice.title), len(notice.body)) == (200, 600)


def test_unread_goes_down_when_read_and_never_up_again(workspace, member):
    tell(workspace, "a")
    tell(workspace, "b")
    first, second = Notice.objects.order_by("pk")
    notices.read_to(member, first.pk)
    assert list(notices.unread(member)) == [second]
    notices.read_to(member, second.pk)
    notices.read_to(member, first.pk)
    assert Membership.objects.get(pk=member.pk).notices_read_to == second.pk


def test_one_persons_reading_is_not_anothers(workspace, member):
    other = joined(workspace, NOW)
    tell(workspace)
    notices.read_to(member, Notice.objects.get().pk)
    assert (notices.unread(member).count(), notices.unread(other).count()) == (0, 1)


def test_what_was_told_before_somebody_joined_is_not_theirs(workspace):
    tell(workspace)
    assert not notices.seen_by(joined(workspace, NOW + timedelta(hours=1))).exists()


def test_other_workspaces_notices_are_not_seen(member):
    tell(a_workspace())
    assert not notices.seen_by(member).exists()


@pytest.mark.parametrize(
    ("kind", "open_as", "hold", "answered_as"),
    [
        (Notice.Kind.ASKED, Status.UNCONFIRMED, "", Status.PUBLISHED),
        (Notice.Kind.MISSED, Status.MISSED, "", Status.CANCELED),
        (Notice.Kind.FAILED, Status.FAILED, "", Status.SCHEDULED),
        (Notice.Kind.HELD, Status.SCHEDULED, "brake", Status.SCHEDULED),
        (Notice.Kind.HELD, Status.SCHEDULED, "repeat", Status.SCHEDULED),
    ],
)
def test_a_question_that_was_answered_is_read(workspace, member, kind, open_as, hold, answered_as):
    account = an_account(workspace)
    post = a_post(workspace)
    delivery = a_delivery(post, account, status=open_as, hold_reason=hold)
    notices.tell(kind, workspace, title="x", body="", event_key="a", now=NOW, delivery=delivery, account=account)
    assert (notices.unread(member).count(), notices.is_answered(Notice.objects.get())) == (1, False)
    Delivery.objects.update(status=answered_as, hold_reason="", due_at=NOW)
    assert (notices.unread(member).count(), notices.is_answered(Notice.objects.get())) == (0, True)


def test_what_asks_nothing_is_read_by_reading_alone(workspace, member):
    account = an_account(workspace)
    for number, kind in enumerate([Notice.Kind.ACCOUNT, Notice.Kind.WORKER, Notice.Kind.DIGEST, Notice.Kind.HELD]):
        about = {"account": account} if kind == Notice.Kind.ACCOUNT else {}
        notices.tell(kind, workspace, title="x", body="", event_key=str(number), now=NOW, **about)
    assert notices.unread(member).count() == 4
    assert not any(notices.is_answered(notice) for notice in Notice.objects.all())
