from datetime import timedelta

import pytest

from scheduler_ui.domain import account_pages
from scheduler_ui.domain.account_pages import Numbers
from scheduler_ui.models import Account, Hold, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(db):
    return an_account(a_workspace(a_user()))


def a_row(account, status=Status.SCHEDULED, minutes=0, **fields):
    at = NOW + minutes * MINUTE
    return a_delivery(a_post(account.workspace, scheduled_for=at), account, status=status, **fields)


def test_numbers_are_of_what_is_out_waits_and_is_held(account):
    for status in Status:
        a_row(account, status)
    a_row(account, hold_reason=Hold.BRAKE)
    a_row(account, hold_reason=Hold.PAUSED)
    a_row(account, hold_reason=Hold.DELETED)
    a_row(account, Status.PUBLISHED, hold_reason=Hold.DELETED)
    a_row(an_account(account.workspace), hold_reason=Hold.PAUSED)
    assert account_pages.numbers(account) == Numbers(out=1, waiting=4, held=2)


def test_numbers_end_where_nobody_counts_on(account, monkeypatch):
    monkeypatch.setattr(account_pages, "COUNTED", 2)
    for _ in range(3):
        a_row(account, Status.PUBLISHED)
        a_row(account, hold_reason=Hold.PAUSED)
    found = account_pages.numbers(account)
    assert (found.out, found.waiting, found.held) == (2, 2, 2)


@pytest.mark.parametrize(
    ("retried_in", "first"), [(1, "retried"), (9, "promised")], ids=["tried again soon", "tried again later"]
)
def test_next_is_what_is_due_first(account, retried_in, first):
    rows = {"promised": a_row(account, minutes=5), "later": a_row(account, minutes=7)}
    rows["retried"] = a_row(account, Status.RETRYING, minutes=-5, due_at=NOW + retried_in * MINUTE)
    a_row(account, minutes=-60, hold_reason=Hold.DELETED)
    assert account_pages.row(account).next == rows[first]


def test_next_may_be_held(account):
    held = a_row(account, minutes=5, hold_reason=Hold.BRAKE)
    a_row(account, Status.MISSED, minutes=1)
    a_row(account, minutes=9)
    assert account_pages.row(account).next == held


def test_row_of_a_lost_account_counts_what_is_held(account):
    a_row(account, hold_reason=Hold.RECONNECT)
    before = account_pages.row(account).held
    Account.objects.update(state=Account.State.RECONNECT)
    assert (before, account_pages.row(account).held) == (0, 1)
