from datetime import UTC, datetime, timedelta

import pytest

from scheduler_ui.domain import sync, vault
from scheduler_ui.models import Account, JobRun, Notice, Workspace
from scheduler_ui.platforms.base import Profile
from scheduler_ui.platforms.outcomes import Expired, Unauthorized, Unavailable
from tests.factories import a_workspace, an_account

MIDNIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 01:00 in Berlin
AT_TWO = MIDNIGHT + timedelta(hours=1)


@pytest.fixture
def workspace(db, fake):
    return born(a_workspace())


def born(workspace, at=datetime(2026, 1, 1, tzinfo=UTC)):
    Workspace.objects.filter(pk=workspace.pk).update(created_at=at)
    return workspace


def fake_account(workspace, **fields):
    account = an_account(workspace, platform="fake", **fields)
    account.secrets = vault.seal(account.public_id, {"token": "old"})
    account.save()
    return account


def test_nothing_happens_before_two_and_once_after_it(workspace, fake):
    fake_account(workspace)
    moments = [AT_TWO - timedelta(seconds=1), AT_TWO, AT_TWO + timedelta(hours=5)]
    assert [sync.sync_due(moment) for moment in moments] == [0, 1, 0]
    assert len(fake.calls) == 1


def test_the_next_day_it_happens_again(workspace):
    assert [sync.sync_due(AT_TWO), sync.sync_due(AT_TWO + timedelta(days=1))] == [1, 1]


def test_each_workspace_has_its_own_two_oclock(workspace):
    born(a_workspace(timezone="Asia/Tokyo"), AT_TWO)
    assert [sync.sync_due(AT_TWO + timedelta(hours=hours)) for hours in (0, 15, 16)] == [1, 0, 1]


@pytest.mark.parametrize(
    ("zone", "due_at"),
    [
        ("America/New_York", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),  # 02:00 does not exist: 03:00
        ("America/New_York", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 0, tzinfo=UTC)),  # 02:00 twice: the first
    ],
)
def test_two_oclock_on_a_day_on_which_clocks_change(workspace, zone, due_at):
    Workspace.objects.update(timezone=zone)
    assert [sync.sync_due(due_at - timedelta(seconds=1)), sync.sync_due(due_at)] == [0, 1]
    assert sync.sync_due(due_at + timedelta(hours=1)) == 0
    assert JobRun.objects.get().due_at == due_at


def test_a_workspace_made_after_two_waits_for_the_next_night(workspace):
    born(workspace, AT_TWO + timedelta(hours=1))
    assert sync.sync_due(AT_TWO + timedelta(hours=2)) == 0


def test_a_run_whose_worker_died_is_taken_up_where_it_stopped(workspace, fake):
    fake_account(workspace, synced_at=AT_TWO + timedelta(seconds=1))
    left = fake_account(workspace)
    run = {"job": sync.JOB, "workspace": workspace, "local_date": AT_TWO.date(), "due_at": AT_TWO}
    JobRun.objects.create(**run, started_at=AT_TWO)
    assert [sync.sync_due(AT_TWO + timedelta(minutes=minutes)) for minutes in (29, 31, 62)] == [0, 1, 0]
    assert fake.calls == [("profile", left.public_id)]


def test_what_the_platform_says_is_kept_and_what_it_does_not_say_stays(workspace, fake):
    account = fake_account(workspace, name="Old name", followers=5, sync_error="broken")
    fake.script = {"profile": [Profile(account.remote_id, "@new", followers=7)]}
    assert sync.sync_account(account, AT_TWO)
    kept = Account.objects.get()
    assert (kept.handle, kept.name, kept.followers, kept.sync_error, kept.synced_at) == (
        "@new",
        "Old name",
        7,
        "",
        AT_TWO,
    )


def test_one_broken_account_never_stops_the_others(workspace, fake):
    broken, unreachable, fine = (fake_account(workspace) for _ in range(3))
    fake.script = {"profile": [RuntimeError("bug"), Unavailable("here.example is away."), None]}
    sync.sync_due(AT_TWO)
    errors = {account.pk: account.sync_error for account in Account.objects.all()}
    assert errors == {
        broken.pk: "Something went wrong while it was being read.",
        unreachable.pk: "here.example is away.",
        fine.pk: "",
    }
    run = JobRun.objects.get()
    assert (run.done, run.failed, run.ended_at is not None) == (1, 2, True)


def test_an_expired_session_is_refreshed_once(workspace, fake):
    account = fake_account(workspace)
    fake.script = {"profile": [Expired("expired"), Profile(account.remote_id, "@fresh")]}
    assert sync.sync_account(account, AT_TWO)
    assert [name for name, _ in fake.calls] == ["profile", "refresh", "profile"]


def test_a_revoked_sign_in_loses_the_account_and_tells(workspace, fake):
    account = fake_account(workspace)
    fake.script = {"profile": [Unauthorized("The app password was revoked.")]}
    assert not sync.sync_account(account, AT_TWO)
    account.refresh_from_db()
    assert (account.state, account.sync_error) == (Account.State.RECONNECT, "The app password was revoked.")
    assert Notice.objects.get().kind == Notice.Kind.ACCOUNT


def test_lost_and_disconnected_accounts_are_left_alone(workspace, fake):
    fake_account(workspace, state=Account.State.RECONNECT)
    fake_account(workspace, state=Account.State.DISCONNECTED)
    sync.sync_due(AT_TWO)
    assert fake.calls == []


def test_an_answer_that_cannot_be_kept_never_stops_the_others(workspace, fake):
    broken, fine = (fake_account(workspace) for _ in range(2))
    fake.script = {"profile": [Profile(broken.remote_id, "@harbor", followers=10**40), Profile(fine.remote_id, "@tom")]}
    sync.sync_due(AT_TWO)
    kept = dict(Account.objects.values_list("pk", "sync_error"))
    assert kept == {broken.pk: "Something went wrong while it was being read.", fine.pk: ""}


def test_a_workspace_that_breaks_off_never_stops_the_next(workspace, fake):
    gone = fake_account(workspace)
    fine = fake_account(born(a_workspace()))
    fake.script = {"profile": [Account.objects.filter(pk=gone.pk).delete]}
    assert sync.sync_due(AT_TWO) == 1
    fine.refresh_from_db()
    assert fine.synced_at is not None
