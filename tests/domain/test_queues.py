import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from scheduler_ui.domain import deliveries, posts, queues
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.queues import Filter, Tab
from scheduler_ui.models import Delivery, Event, Hold, Status
from tests.bench import growth
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


def test_counts_are_of_one_workspace_and_cost_one_query(workspace, account, django_assert_num_queries):
    for status in (Status.FAILED, Status.MISSED, Status.UNCONFIRMED, Status.SCHEDULED, Status.SCHEDULED):
        a_post(workspace, account, status=status)
    a_post(a_workspace(a_user()), account, status=Status.FAILED)
    with django_assert_num_queries(1):
        assert queues.counts(workspace, (Tab.FAILED, Tab.NEEDS_YOU, Tab.UPCOMING)) == {
            "failed": 1,
            "needs_you": 2,
            "upcoming": 2,
        }


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


def test_counts_stop_where_nobody_reads_on(workspace, account):
    for _ in range(3):
        a_post(workspace, account)
    assert queues.counts(workspace, most=2)["upcoming"] == 2


def test_upcoming_begins_with_the_nearest_and_published_with_the_latest(workspace, account):
    for minutes in (2, 1, 3):
        for status in (Status.SCHEDULED, Status.PUBLISHED):
            a_post(workspace, account, status=status, text=str(minutes), scheduled_for=NOW + minutes * MINUTE)
    assert texts(queues.read(workspace, Filter(Tab.UPCOMING))) == ["1", "2", "3"]
    assert texts(queues.read(workspace, Filter(Tab.PUBLISHED))) == ["3", "2", "1"]


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


def is_found_in_order(words, index):
    """Read by the index, and by nothing else that would grow: no scan of a table, no sorting."""
    is_scanned = re.search(r"Seq Scan|^\d* *\d* *\d* *SCAN (?!CONSTANT)", words, re.MULTILINE) is not None
    is_sorted = "TEMP B-TREE" in words or "Sort" in words
    return (index in words, is_scanned, is_sorted) == (True, False, False)


@pytest.fixture
def rare(workspace, account):
    """An account with a single post beside another's many: so many that PostgreSQL tells its indexes apart."""
    for status in Status:
        template = a_post(workspace, account, status=status).deliveries.get()
        first = Delivery.objects.latest("pk").pk + 1000
        growth.copy_posts(template, first, first + 100, NOW, "i * 60")
    rare = an_account(workspace)
    a_post(workspace, rare)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return rare


TABS = [tab for tab in Tab if tab != Tab.DRAFTS]


def ways(chosens, index, ask):
    return [words for words in map(ask, chosens) if not is_found_in_order(words, index)]


def test_page_is_read_by_its_index_in_order(workspace, rare, plan):
    def ask(chosen):
        return plan(chosen.order.ordered(queues.rows_of(workspace, chosen))[:50])

    assert ways(map(Filter, TABS), "delivery_tab", ask) == []
    assert ways([Filter(tab, account=rare) for tab in TABS], "delivery_of_account", ask) == []
    assert ways([Filter(Tab.DRAFTS)], "post_drafts", ask) == []


def test_count_reads_what_it_counts(workspace, rare, plan):
    """On PostgreSQL the index alone; SQLite reads the row beside it wherever a column is computed by the database."""

    def ask(chosen):
        return plan(queues.countable(chosen.order.ordered(queues.rows_of(workspace, chosen)), 1000))

    assert ways(map(Filter, TABS), "delivery_tab", ask) == []
    if connection.vendor == "postgresql":
        assert all("Index Only Scan" in ask(Filter(tab)) for tab in TABS)
    assert ways([Filter(Tab.DRAFTS)], "post_drafts", ask) == []


def test_search_looks_at_rows_one_by_one_in_the_order_of_their_tab(workspace, rare, plan):
    def ask(chosen):
        rows = queues._matching(queues.rows_of(workspace, chosen), chosen)
        return plan(chosen.order.ordered(rows)[:50])

    assert ways([Filter(tab, words="winter", moved="2026a") for tab in TABS], "delivery_tab", ask) == []
    assert ways([Filter(Tab.DRAFTS, words="winter", account=rare, moved="2026a")], "post_drafts", ask) == []


@pytest.mark.parametrize(("tab", "status"), [(Tab.UPCOMING, Status.SCHEDULED), (Tab.DRAFTS, Status.DRAFT)])
def test_search_ends_after_so_many_rows_and_goes_on_from_there(workspace, account, monkeypatch, tab, status):
    monkeypatch.setattr(queues, "LOOKED_THROUGH", 3)
    for number in range(8):
        text = "Winter" if number in {3, 7} else "Summer"
        at = NOW + (number if tab == Tab.UPCOMING else 8 - number) * MINUTE
        a_post(workspace, account, status=status, text=f"{text} {number}", scheduled_for=at)
    order = list(range(8)) if tab == Tab.UPCOMING else list(range(7, -1, -1))
    chosen, pages = Filter(tab, words="winter"), []
    pages.append(queues.read(workspace, chosen))
    while pages[-1].after:
        pages.append(queues.read(workspace, chosen, after=pages[-1].after))
    hits = [[f"Winter {n}" for n in some if n in {3, 7}] for some in (order[:3], order[3:6], order[6:])]
    assert [texts(page) for page in pages] == hits
    assert [page.is_cut for page in pages] == [True, True, False]


def test_search_that_found_nothing_yet_leads_back(workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "LOOKED_THROUGH", 3)
    for number in range(8):
        a_post(workspace, account, text="Winter" if number < 2 else "Summer", scheduled_for=NOW + number * MINUTE)
    chosen = Filter(words="winter")
    second = queues.read(workspace, chosen, after=queues.read(workspace, chosen).after)
    assert (texts(second), second.is_cut) == ([], True)
    back = queues.read(workspace, chosen, before=second.before)
    assert texts(queues.read(workspace, chosen, before=back.before)) == ["Winter", "Winter"]


def test_search_goes_back_over_what_it_looked_through(workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "LOOKED_THROUGH", 3)
    for number in range(8):
        a_post(workspace, account, text="Winter" if number == 1 else "Summer", scheduled_for=NOW + number * MINUTE)
    last = Delivery.objects.latest("scheduled_for")
    cut = queues.read(workspace, Filter(words="winter"), before=last.public_id)
    assert (texts(cut), cut.is_cut) == ([], True)
    assert texts(queues.read(workspace, Filter(words="winter"), before=cut.before)) == ["Winter"]


def test_matching_rows_end_with_what_one_search_looks_through(workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "LOOKED_THROUGH", 1)
    for number in range(12):
        a_post(workspace, account, text="Winter", scheduled_for=NOW + number * MINUTE)
    rows, is_cut = queues.matching(workspace, Filter(words="winter"), most=100)
    assert (len(rows), is_cut) == (10, True)
    assert queues.matching(workspace, Filter(), most=12)[1] is False
    assert queues.matching(workspace, Filter(), most=11)[1] is True


def test_moved_filter_finds_what_new_time_zone_data_moved(workspace, account):
    moved, _other = a_post(workspace, account, text="moved"), a_post(workspace, account, text="dragged")
    Event.objects.create(post=moved, kind="moved", data={"zones": "2026a"}, at=NOW)
    Event.objects.create(post=_other, kind="moved", data={}, at=NOW)
    assert texts(queues.read(workspace, Filter(moved="2026a"))) == ["moved"]
    assert texts(queues.read(workspace, Filter(moved="2026b"))) == []


def test_post_that_was_armed_is_no_draft_and_one_taken_back_is(workspace, account):
    author = workspace.memberships.get().user
    composed = Composed("Winter", [account], when=When.at(NOW + MINUTE, "UTC"))
    post = posts.schedule(None, workspace, author, composed, now=NOW)
    assert texts(queues.read(workspace, Filter(Tab.DRAFTS))) == []
    posts.save_draft(post, workspace, author, replace(composed, accounts=[]))
    assert texts(queues.read(workspace, Filter(Tab.DRAFTS))) == ["Winter"]
    posts.schedule(post, workspace, author, composed, now=NOW)
    assert texts(queues.read(workspace, Filter(Tab.DRAFTS))) == []


def test_draft_whose_only_delivery_goes_out_now_is_none_any_more(workspace, account):
    """The post is still looked at as a draft, and says itself that it is none."""
    post = a_post(workspace, account, status=Status.DRAFT)
    deliveries.publish_now(post.deliveries.get(), actor=workspace.memberships.get().user, now=NOW)
    assert (post.is_draft, texts(queues.read(workspace, Filter(Tab.DRAFTS)))) == (True, [])
    assert len(queues.read(workspace, Filter()).rows) == 1
