import re
from datetime import timedelta

import pytest

from scheduler_ui.domain import queues
from scheduler_ui.domain.queues import Filter, Tab
from scheduler_ui.models import Hold, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def workspace():
    return a_workspace(a_user())


@pytest.fixture
def account(workspace):
    return an_account(workspace)


def texts(page):
    return [getattr(row, "post", row).text for row in page.rows]


def test_attention_counts_what_the_navigation_shows_in_one_query(workspace, account, django_assert_num_queries):
    for status in (Status.FAILED, Status.MISSED, Status.UNCONFIRMED, Status.SCHEDULED, Status.SCHEDULED):
        a_post(workspace, account, status=status)
    a_post(a_workspace(a_user()), account, status=Status.FAILED)
    with django_assert_num_queries(1):
        assert queues.attention(workspace) == {"failed": 1, "needs_you": 2, "upcoming": 2}


def test_counts_have_every_status_in_one_tab(workspace, account):
    for status in Status:
        a_post(workspace, account, status=status)
    a_delivery(a_post(workspace), account, status=Status.UNCONFIRMED, due_at=NOW)
    a_post(workspace, text="No account yet")
    assert queues.counts(workspace) == {
        "upcoming": 1,
        "publishing": 3,
        "retrying": 1,
        "needs_you": 2,
        "failed": 1,
        "published": 1,
        "drafts": 2,
        "canceled": 1,
    }


def test_counts_leave_the_trash_out(workspace, account):
    post = a_post(workspace, deleted_at=NOW)
    a_delivery(post, account, status=Status.FAILED, hold_reason=Hold.DELETED)
    a_post(workspace, deleted_at=NOW)
    assert set(queues.counts(workspace).values()) == {0}


def test_counts_stop_where_nobody_reads_on(workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "COUNTED", 2)
    for _ in range(3):
        a_post(workspace, account)
    assert queues.counts(workspace)["upcoming"] == 2


def test_upcoming_begins_with_the_nearest_and_published_with_the_latest(workspace, account):
    for minutes in (2, 1, 3):
        for status in (Status.SCHEDULED, Status.PUBLISHED):
            a_post(workspace, account, status=status, text=str(minutes), scheduled_for=NOW + minutes * MINUTE)
    assert texts(queues.read(workspace, Filter(Tab.UPCOMING))) == ["1", "2", "3"]
    assert texts(queues.read(workspace, Filter(Tab.PUBLISHED))) == ["3", "2", "1"]


@pytest.mark.embedded_only  # where rows must be sorted anyway, PostgreSQL chooses an index by their number
@pytest.mark.parametrize("tab", [Tab.PUBLISHING, Tab.CANCELED])
def test_page_of_several_statuses_is_found_by_the_index(workspace, account, tab, plan):
    """What was skipped stands among the canceled: these few are put in order, the workspace's other rows never read."""
    for status in (Status.SCHEDULED, Status.PUBLISHED, Status.FAILED, Status.CANCELED):
        a_post(workspace, account, status=status)
    assert "delivery_queue" in plan(queues.rows_of(workspace, Filter(tab)).order_by("scheduled_for", "pk")[:50])


@pytest.mark.parametrize("tab", [Tab.UPCOMING, Tab.PUBLISHED, Tab.DRAFTS])
def test_pages_turn_over_and_back(workspace, account, monkeypatch, tab):
    monkeypatch.setattr(queues, "PAGE", 2)
    status = {Tab.UPCOMING: Status.SCHEDULED, Tab.PUBLISHED: Status.PUBLISHED, Tab.DRAFTS: Status.DRAFT}[tab]
    for number in range(5):
        # Three at one minute: a place is more than its time.
        a_post(workspace, account, status=status, text=str(number), scheduled_for=NOW + (number // 3) * MINUTE)
    first = queues.read(workspace, Filter(tab))
    second = queues.read(workspace, Filter(tab), after=first.after)
    third = queues.read(workspace, Filter(tab), after=second.after)
    order = texts(first) + texts(second) + texts(third)
    assert order == (["0", "1", "2", "3", "4"] if tab == Tab.UPCOMING else ["4", "3", "2", "1", "0"])
    assert (first.before, third.after) == ("", "")
    back = queues.read(workspace, Filter(tab), before=third.before)
    assert (texts(back), back.after != "") == (texts(second), True)
    start = queues.read(workspace, Filter(tab), before=back.before)
    assert (texts(start), start.before) == (texts(first), "")


def test_page_beside_a_strangers_row_is_the_first(workspace, account):
    a_post(workspace, account)
    stranger = a_workspace(a_user())
    theirs = a_delivery(a_post(stranger, scheduled_for=NOW + 99 * MINUTE), an_account(stranger))
    page = queues.read(workspace, Filter(), after=theirs.public_id)
    assert (len(page.rows), page.before) == (1, "")


def test_search_finds_the_own_text_of_a_delivery_and_not_what_it_stands_for(workspace, account):
    a_delivery(a_post(workspace, text="Winter roast"), account, text="Espresso only here")
    a_delivery(a_post(workspace, text="Winter hours"), account)
    assert texts(queues.read(workspace, Filter(words="winter"))) == ["Winter hours"]
    assert texts(queues.read(workspace, Filter(words="ESPRESSO"))) == ["Winter roast"]
    assert texts(queues.read(workspace, Filter(words="50%"))) == []


def test_account_filter_keeps_its_own(workspace, account):
    other = an_account(workspace)
    a_post(workspace, account, text="here")
    a_post(workspace, other, text="there")
    a_post(workspace, other, text="draft there", status=Status.DRAFT)
    a_post(workspace, text="draft for nobody")
    assert texts(queues.read(workspace, Filter(account=account))) == ["here"]
    assert texts(queues.read(workspace, Filter(Tab.DRAFTS, account=other))) == ["draft there"]


@pytest.mark.parametrize("tab", list(Tab))
def test_page_costs_the_same_queries_for_one_row_and_three(workspace, account, tab, django_assert_max_num_queries):
    status = {Tab.DRAFTS: Status.DRAFT, Tab.NEEDS_YOU: Status.MISSED, Tab.UPCOMING: Status.SCHEDULED}.get(
        tab, tab.value
    )
    for rows in (1, 3):
        while len(queues.read(workspace, Filter(tab)).rows) < rows:
            a_post(workspace, account, an_account(workspace), status=status) if tab == Tab.DRAFTS else a_post(
                workspace, account, status=status
            )
        with django_assert_max_num_queries(3 if tab == Tab.DRAFTS else 1):
            for row in queues.read(workspace, Filter(tab)).rows:
                assert row.workspace.name
                deliveries = row.deliveries.all() if tab == Tab.DRAFTS else [row]
                assert all(delivery.account.handle and delivery.post.text for delivery in deliveries)


@pytest.mark.parametrize("tab", [Tab.UPCOMING, Tab.PUBLISHED, Tab.FAILED, Tab.RETRYING])
def test_page_is_read_by_its_index_in_order(workspace, account, tab, plan):
    for status in (Status.SCHEDULED, Status.PUBLISHED, Status.FAILED, Status.CANCELED):
        a_post(workspace, account, status=status)
    words = plan(queues.rows_of(workspace, Filter(tab)).order_by("scheduled_for", "pk")[:50])
    # An incremental sort puts only rows of one and the same second in order.
    is_sorted = "TEMP B-TREE FOR ORDER BY" in words or re.search(r"(?<!Incremental )Sort  ", words) is not None
    assert ("delivery_queue" in words, is_sorted) == (True, False), words
