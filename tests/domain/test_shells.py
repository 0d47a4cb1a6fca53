from datetime import timedelta

import pytest

from scheduler_ui.domain import pauses, shells
from scheduler_ui.domain.shells import Pause
from scheduler_ui.models import Account, Hold, Installation, Notice, Status, Worker, Workspace
from tests.factories import NOW, a_delivery, a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    member = a_membership(a_user(), a_workspace())
    member.joined_at = NOW - timedelta(days=1)
    member.save()
    return member


def a_notice(workspace, key, **fields):
    return Notice.objects.create(workspace=workspace, kind="failed", title="x", event_key=key, created_at=NOW, **fields)


def test_shell_of_an_empty_workspace_is_calm(member):
    shell = shells.look(member, NOW)
    calm = (shell.trouble, shell.unread, shell.next_due_at, shell.is_worker_alive, shell.is_publishing_on)
    assert calm == (0, 0, None, False, True)


def test_shell_counts_what_needs_a_person(member):
    account = an_account(member.workspace)
    for status in (Status.FAILED, Status.MISSED, Status.UNCONFIRMED, Status.PUBLISHED, Status.CANCELED):
        a_post(member.workspace, account, status=status)
    binned = a_post(member.workspace, deleted_at=NOW)
    a_delivery(binned, account, status=Status.FAILED, hold_reason=Hold.DELETED)
    a_post(other := a_workspace(), an_account(other), status=Status.FAILED)
    assert shells.look(member, NOW).trouble == 3


def test_shell_counts_unread_notices(member):
    a_notice(a_workspace(), "elsewhere")
    read = a_notice(member.workspace, "read")
    a_notice(member.workspace, "fresh")
    member.notices_read_to = read.pk
    assert shells.look(member, NOW).unread == 1


def test_shell_tells_the_next_post(member):
    for hours in (3, 2):
        a_post(member.workspace, an_account(member.workspace), scheduled_for=NOW + timedelta(hours=hours))
    assert shells.look(member, NOW).next_due_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize(("seconds", "is_alive"), [(9, True), (11, False)])
def test_shell_misses_a_worker_after_ten_seconds(member, seconds, is_alive):
    beat_at = NOW - timedelta(seconds=seconds)
    Worker.objects.create(host="harbor", pid=1, threads=1, started_at=beat_at, beat_at=beat_at)
    assert shells.look(member, NOW).is_worker_alive is is_alive


@pytest.mark.parametrize(
    ("environment", "button", "is_on"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_shell_lets_the_environment_stand_over_the_button(member, settings, environment, button, is_on):
    settings.SCHEDULING_ENABLED = environment
    Installation.objects.create(pk=1, scheduling_enabled=button)
    assert shells.look(member, NOW).is_publishing_on is is_on


def test_shell_leaves_disconnected_accounts_out_and_counts_lost_ones(member):
    an_account(member.workspace, state=Account.State.DISCONNECTED)
    lost = an_account(member.workspace, state=Account.State.RECONNECT)
    shell = shells.look(member, NOW)
    assert (shell.accounts, shell.lost_accounts) == ([lost], 1)


@pytest.mark.parametrize("count", [1, 3])
def test_shell_costs_two_queries(member, django_assert_num_queries, count):
    for _number in range(count):
        a_post(member.workspace, an_account(member.workspace), status=Status.FAILED)
    with django_assert_num_queries(2):
        shells.look(member, NOW)


def test_label_stops_counting_at_a_hundred():
    assert [shells.label(number) for number in (1, 99, 100, 2000)] == ["1", "99", "99+", "99+"]


def a_worker(host, beat_at=NOW, **trouble):
    return Worker.objects.create(host=host, pid=1, threads=1, started_at=beat_at, beat_at=beat_at, **trouble)


def test_shell_names_the_living_worker_whose_clock_is_wrong_by_most(member):
    a_worker("gone", NOW - timedelta(seconds=11), is_clock_off=True, clock_offset_ms=9000)
    a_worker("well", clock_offset_ms=9000)
    assert shells.look(member, NOW).off_clock is None
    a_worker("ahead", is_clock_off=True, clock_offset_ms=500)
    a_worker("behind", is_clock_off=True, clock_offset_ms=-5200)
    shell = shells.look(member, NOW)
    assert (shell.off_clock, shell.off_clock_span) == (("behind", -5200), timedelta(seconds=5.2))


def test_shell_tells_that_the_queue_is_away_while_a_living_worker_says_so(member):
    a_worker("gone", NOW - timedelta(seconds=11), is_queue_away=True)
    assert shells.look(member, NOW).is_queue_away is False
    a_worker("harbor", is_queue_away=True)
    assert shells.look(member, NOW).is_queue_away is True


def test_shell_tells_that_the_database_was_restored(member):
    Installation.objects.create(pk=1)
    assert shells.look(member, NOW).restored_from is None
    Installation.objects.update(restored_from=NOW)
    assert shells.look(member, NOW).restored_from == NOW


def test_shell_tells_who_paused_the_workspace(member):
    assert shells.look(member, NOW).pause is None
    pauses.pause(member.workspace, member.user, NOW)
    assert shells.look(member, NOW).pause == Pause(NOW, str(member.user))
    Workspace.objects.update(paused_by=None)
    assert shells.look(member, NOW).pause == Pause(NOW, "")
