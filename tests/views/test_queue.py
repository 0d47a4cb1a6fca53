import re
from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import queues, shells, trash
from scheduler_ui.models import Delivery, Post, Status
from scheduler_ui.views.boards import SEEN
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)


def shown(answer):
    return [item.post.text for group in answer.context["groups"] for item in group.items]


def queue(member, **query):
    return member.get(reverse("queue"), query)


def ids():
    return list(Delivery.objects.order_by("pk").values_list("public_id", flat=True))


def apply(member, action, rows, **values):
    return member.post(reverse("queue_apply"), {"action": action, "row": rows} | values, headers=HTMX)


def said(answer):
    return answer.content.decode()


def test_rows_stand_under_the_readers_days(member, workspace, account):
    a_post(workspace, account, text="today", scheduled_for=NOW + HOUR)
    a_post(workspace, account, text="after midnight", scheduled_for=NOW + 15.5 * HOUR)
    answer = queue(member)
    assert [(group.title, [item.clock for item in group.items]) for group in answer.context["groups"]] == [
        ("Today, Monday 23 November", ["10:00"]),
        ("Tomorrow, Tuesday 24 November", ["00:30"]),
    ]


def test_tabs_carry_counts_and_the_filter(member, workspace, account):
    a_post(workspace, account)
    tabs = queue(member, q="roast", account=account.public_id).context["tabs"]
    assert [tab["count"] for tab in tabs] == ["1", "0", "0", "0", "0", "0", "0", "0"]
    assert tabs[4]["url"] == f"/queue/?tab=failed&q=roast&account={account.public_id}"


def test_count_beyond_what_is_counted_says_so(member, workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "COUNTED", 1)
    monkeypatch.setattr("scheduler_ui.views.queue.COUNTED", 1)
    a_post(workspace, account)
    assert queue(member).context["tabs"][0]["count"] == "1+"


@pytest.mark.parametrize("tab", queues.Tab.values)
def test_every_tab_opens_empty_and_full(member, workspace, account, tab):
    assert queue(member, tab=tab).status_code == 200
    for status in Status:
        a_post(workspace, account, status=status)
    assert len(shown(queue(member, tab=tab))) >= 1


def test_address_that_cannot_be_read_is_the_first_tab(member, workspace, account):
    a_post(workspace, account)
    theirs = an_account(a_workspace(a_user()))
    answer = queue(member, tab="nonsense", account=theirs.public_id, after="nothing")
    assert len(shown(answer)) == 1


def test_search_and_account_narrow_a_tab(member, workspace, account):
    a_post(workspace, account, text="Winter roast")
    a_post(workspace, an_account(workspace), text="Winter hours")
    assert shown(queue(member, q="winter", account=account.public_id)) == ["Winter roast"]


def test_queue_costs_the_same_queries_at_one_row_and_three(member, workspace, account, django_assert_num_queries):
    for rows in (1, 3):
        while Delivery.objects.count() < rows:
            a_post(workspace, an_account(workspace))
        with django_assert_num_queries(12):
            assert len(shown(queue(member))) == rows


def test_poll_without_news_is_empty_and_with_news_the_region_alone(member, workspace, account):
    post = a_post(workspace, account)
    address = f"{reverse('queue')}?{SEEN}={queue(member).context['poll'].url.partition(SEEN + '=')[2]}"
    assert member.get(address, headers=HTMX).status_code == 204
    member.post(reverse("delivery_cancel", args=[post.deliveries.get().public_id]))
    page = member.get(address, headers=HTMX).content.decode()
    assert ("<html" in page, 'id="queue"' in page) == (False, True)


def test_text_of_a_post_is_no_markup(member, workspace, account):
    a_post(workspace, account, text="<b hx-get='/x'>bold</b>")
    page = said(queue(member))
    assert ("<b hx-get" in page, "&lt;b hx-get" in page) == (False, True)


def test_confirm_names_the_number(member, workspace, account):
    a_post(workspace, account, an_account(workspace))
    answer = member.get(reverse("queue_confirm"), {"action": "cancel", "row": ids()}, headers=HTMX)
    assert "Cancel 2 deliveries?" in said(answer)
    answer = member.get(reverse("queue_confirm"), {"action": "delete", "row": ids()})
    assert ("Delete 1 post?" in said(answer), "<html" in said(answer)) == (True, True)


def test_confirm_of_nothing_says_what_to_do(member):
    assert "Nothing is selected" in said(member.get(reverse("queue_confirm"), {"action": "cancel"}, headers=HTMX))


def test_confirm_of_an_unknown_action_is_not_there(member):
    assert member.get(reverse("queue_confirm"), {"action": "explode"}).status_code == 404


def test_cancel_of_many_tells_how_many_and_wakes_the_page(member, workspace, account):
    for status in (Status.SCHEDULED, Status.SCHEDULED, Status.PUBLISHING):
        a_post(workspace, account, status=status)
    answer = apply(member, "cancel", ids())
    assert "2 canceled, 1 had already started." in said(answer)
    assert "app:wake" in answer.headers["HX-Trigger"]
    assert Delivery.objects.filter(status=Status.CANCELED).count() == 2


def test_all_matching_takes_the_filter_and_not_the_page(member, workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "PAGE", 1)
    for text in ("Winter roast", "Winter hours", "Summer"):
        a_post(workspace, account, text=text)
    answer = apply(member, "cancel", [], all="1", q="winter", tab="upcoming")
    assert "2 canceled." in said(answer)


def test_strangers_rows_are_not_touched(member, workspace):
    theirs = a_workspace(a_user())
    a_post(theirs, an_account(theirs))
    assert "0 canceled." in said(apply(member, "cancel", ids()))
    assert Delivery.objects.get().status == Status.SCHEDULED


def test_reschedule_of_many_by_days(member, workspace, account):
    a_post(workspace, account, timezone="Europe/Berlin", local_time=(NOW + 2 * HOUR).replace(tzinfo=None))
    values = {"how": "shift", "amount": "2", "unit": "days", "way": "later"}
    assert "1 has a new time." in said(apply(member, "reschedule", ids(), **values))
    assert Delivery.objects.get().scheduled_for == NOW + 49 * HOUR


def test_reschedule_of_many_to_one_time_on_the_viewers_clock(member, workspace, account):
    a_post(workspace, account, timezone="America/New_York")
    apply(member, "reschedule", ids(), how="to", at="2026-11-24T09:00")
    post = Post.objects.get()
    assert (post.scheduled_for, post.timezone) == (NOW + 24 * HOUR, "America/New_York")
    assert post.local_time.isoformat() == "2026-11-24T03:00:00"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"how": "shift", "amount": "", "unit": "days", "way": "later"}, "Say by how much."),
        ({"how": "to", "at": ""}, "Choose a date and a time."),
        ({"how": "to", "at": "nonsense"}, "Choose a date and a time."),
        ({"how": "to", "at": "2027-03-28T02:30"}, "02:30 does not exist that day in Berlin; it goes out at 03:30."),
        ({"how": "to", "at": "2027-10-31T02:30"}, "02:30 happens twice that day in Berlin."),
    ],
)
def test_reschedule_explains_before_it_saves(member, workspace, account, values, sentence):
    post = a_post(workspace, account)
    answer = apply(member, "reschedule", ids(), **values)
    assert (answer.status_code, sentence in said(answer)) == (422, True)
    assert Post.objects.get().scheduled_for == post.scheduled_for


def test_reschedule_into_an_overlap_takes_the_chosen_hour(member, workspace, account):
    a_post(workspace, account, timezone="Europe/Berlin")
    apply(member, "reschedule", ids(), how="to", at="2027-10-31T02:30", fold="later")
    assert Post.objects.get().scheduled_for.isoformat() == "2027-10-31T01:30:00+00:00"


def test_drafts_are_one_row_each_and_go_by_their_own_name(member, workspace, account):
    post = a_post(workspace, account, an_account(workspace), status=Status.DRAFT)
    assert shown(queue(member, tab="drafts")) == [post.text]
    assert "1 moved to the trash." in said(apply(member, "delete", [post.public_id], tab="drafts"))
    assert shown(queue(member, tab="drafts")) == []


def test_without_htmx_there_is_a_plain_way_back(member, workspace, account):
    a_post(workspace, account)
    answer = member.post(reverse("queue_apply"), {"action": "cancel", "row": ids(), "tab": "upcoming"})
    assert (answer.status_code, answer.url) == (302, "/queue/?tab=upcoming")


def test_own_text_of_a_delivery_is_what_its_row_says(member, workspace, account):
    a_delivery(a_post(workspace, text="for all"), account, text="only here")
    page = said(queue(member))
    assert ("only here" in page, ">for all<" in page) == (True, False)


def undo_of(answer):
    return re.search(r'action="(/queue/undo/[^"]+)"', answer.content.decode())[1]


def delete(member, *posts):
    rows = [post.deliveries.get().public_id for post in posts]
    return member.post(reverse("queue_apply"), {"action": "delete", "tab": "upcoming", "row": rows}, headers=HTMX)


def test_bulk_delete_can_be_taken_back(member, workspace, clock):
    account = an_account(workspace)
    before = a_post(workspace, account)
    trash.delete(before, actor=None, now=NOW - timedelta(seconds=1))
    posts = [a_post(workspace, account), a_post(workspace, account)]
    address = undo_of(delete(member, *posts))
    assert Post.objects.filter(deleted_at=None).count() == 0
    assert "2 are back." in member.post(address, headers=HTMX).content.decode()
    assert set(Post.objects.filter(deleted_at=None)) == set(posts)
    assert set(Delivery.objects.exclude(post=before).values_list("hold_reason", flat=True)) == {""}
    # What came into the trash in the same way later is not its.
    assert "0 are back." in member.post(address, headers=HTMX).content.decode()


def test_taking_back_has_an_end_and_needs_what_was_told(member, workspace, clock):
    address = undo_of(delete(member, a_post(workspace, an_account(workspace))))
    assert member.post(f"{reverse('queue_undo')}?deleted=2026-11-23T08:00:00", headers=HTMX).status_code == 404
    clock.shift(timedelta(seconds=61))
    assert "That was a while ago." in member.post(address, headers=HTMX).content.decode()
    assert Post.objects.get().deleted_at is not None


def test_other_bulk_decisions_offer_no_way_back(member, workspace):
    row = a_post(workspace, an_account(workspace)).deliveries.get().public_id
    answer = member.post(reverse("queue_apply"), {"action": "cancel", "tab": "upcoming", "row": [row]}, headers=HTMX)
    assert "/queue/undo/" not in answer.content.decode()


def test_what_was_skipped_needs_nobody(member, workspace):
    skipped = a_post(workspace, an_account(workspace), text="skipped", status=Status.MISSED)
    skipped.deliveries.update(is_skipped=True)
    asked = a_post(workspace, an_account(workspace), text="asked", status=Status.MISSED)
    assert shown(queue(member, tab="needs_you")) == [asked.text]
    assert shown(queue(member, tab="canceled")) == [skipped.text]
    assert shells.look(workspace.memberships.get(), NOW).trouble == 1
    page = member.get(reverse("post", args=[skipped.public_id])).content.decode()
    assert "Skipped, as its late policy says" in page


def test_search_that_ended_early_says_so_and_leads_on(member, workspace, account, monkeypatch):
    monkeypatch.setattr(queues, "LOOKED_THROUGH", 2)
    for number in range(3):
        text = "Winter" if number == 2 else "Summer"
        a_post(workspace, account, text=text, scheduled_for=NOW + timedelta(minutes=number))
    page = member.get(reverse("queue"), {"q": "winter"})
    told = page.content.decode()
    assert [word in told for word in ("Nothing matches so far", "2 posts were looked through")] == [True, True]
    following = member.get(f"{page.context['here']}&after={page.context['page'].after}").content.decode()
    assert ("Winter</a>" in following, "looked through" in following) == (True, False)
