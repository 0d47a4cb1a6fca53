from datetime import UTC, datetime

import pytest
from django.urls import reverse

from scheduler_ui.domain import notices, zone_data
from scheduler_ui.models import Membership, Notice, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
VANCOUVER_NINE = datetime.fromisoformat("2027-01-15T09:00")
VANCOUVER_BEFORE = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)


@pytest.fixture
def workspace():
    return a_workspace(a_user())


@pytest.fixture
def member(client, workspace):
    Membership.objects.update(joined_at=NOW)
    client.force_login(workspace.memberships.get().user)
    return client


def tell(workspace, key="1", kind=Notice.Kind.FAILED, **about):
    notices.tell(kind, workspace, title=f"Told {key}", body="Why.", event_key=f"k:{key}", now=NOW, **about)
    return Notice.objects.get(event_key=f"k:{key}")


def test_nothing_to_tell_says_what_would_be_told(member):
    assert "Nothing to tell" in member.get(reverse("notices")).content.decode()


def test_reading_up_to_what_was_shown_leaves_what_came_since(member, workspace):
    shown, later = tell(workspace, "1"), tell(workspace, "2")
    member.post(reverse("notices_read"), {"newest": shown.pk})
    context = member.get(reverse("notices")).context
    assert (context["unread"], context["read_to"]) == (1, shown.pk)
    member.post(reverse("notices_read"), {"newest": later.pk})
    assert member.get(reverse("notices")).context["unread"] == 0


@pytest.mark.parametrize("newest", ["", "x", "-1", "99999999999999999999999"])
def test_reading_nonsense_reads_nothing_it_should_not(member, workspace, newest):
    tell(workspace)
    assert member.post(reverse("notices_read"), {"newest": newest}).status_code == 302


def test_another_workspaces_notice_marks_nothing(member, workspace):
    tell(workspace)
    foreign = tell(a_workspace(), "2")
    member.post(reverse("notices_read"), {"newest": foreign.pk})
    assert Membership.objects.get(workspace=workspace).notices_read_to < foreign.pk


def test_while_mail_is_not_set_the_page_says_so(member, settings):
    warning = "Nobody will be told outside the app."
    seen = []
    for settings.MAIL_IS_SET in (False, True):
        seen.append(warning in member.get(reverse("notices")).content.decode())
    assert seen == [True, False]


def test_a_notice_leads_to_what_it_is_about(member, workspace):
    account = an_account(workspace)
    delivery = a_delivery(a_post(workspace), account)
    about = [tell(workspace, "1", delivery=delivery), tell(workspace, "2", account=account), tell(workspace, "3")]
    urls = [member.get(reverse("notice", args=[notice.public_id])).url for notice in about]
    wanted = [reverse("post", args=[delivery.post.public_id]), reverse("account", args=[account.public_id])]
    assert urls == [*wanted, reverse("notices")]


def test_a_notice_about_a_disconnected_account_leads_to_the_list(member, workspace):
    notice = tell(workspace, account=an_account(workspace, state="disconnected"))
    assert member.get(reverse("notice", args=[notice.public_id])).url == reverse("accounts")
    assert "Reconnect" not in member.get(reverse("notices")).content.decode()


def test_a_strangers_notice_is_404(member):
    assert member.get(reverse("notice", args=[tell(a_workspace()).public_id])).status_code == 404


def test_the_bell_counts_what_is_unread(member, workspace):
    tell(workspace)
    assert "1 unread" in member.get(reverse("accounts")).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_three_as_for_one(member, workspace, count, django_assert_num_queries):
    account = an_account(workspace)
    for number in range(count):
        tell(workspace, number, delivery=a_delivery(a_post(workspace), account), account=account)
    with django_assert_num_queries(8):
        member.get(reverse("notices"))


def test_notice_of_moved_posts_leads_to_them_and_no_others(member, workspace):
    account = an_account(workspace)
    old = {"tzdata_version": "2025b", "timezone": "America/Vancouver", "scheduled_for": VANCOUVER_BEFORE}
    a_post(workspace, account, text="it moved", local_time=VANCOUVER_NINE, **old)
    a_post(workspace, account, text="it did not", scheduled_for=VANCOUVER_BEFORE)
    zone_data.catch_up(NOW)
    notice = Notice.objects.get()

    answer = member.get(reverse("notice", args=[notice.public_id]), follow=True)

    texts = [item.post.text for group in answer.context["groups"] for item in group.items]
    assert (answer.request["PATH_INFO"], texts) == ("/queue/", ["it moved"])
    assert "Show what moved" in member.get(reverse("notices")).content.decode()


@pytest.mark.parametrize("kind", Notice.Kind.values)
def test_every_kind_of_notice_can_be_shown(member, workspace, kind):
    tell(workspace, kind=kind)
    assert "Told 1" in member.get(reverse("notices")).content.decode()


def test_a_question_is_answered_right_under_the_bell(member, workspace):
    delivery = a_post(workspace, an_account(workspace), status=Status.UNCONFIRMED).deliveries.get()
    tell(workspace, kind=Notice.Kind.ASKED, delivery=delivery)
    page = member.get(reverse("notices"))
    there = reverse("delivery_there", args=[delivery.public_id])
    assert [there in page.content.decode(), page.context["unread"]] == [True, 1]
    answer = member.post(there, {"next": reverse("notices")})
    assert answer.url == reverse("notices")
    page = member.get(reverse("notices"))
    assert [there in page.content.decode(), page.context["unread"]] == [False, 0]
    assert "Answered" in page.content.decode()


def test_the_digest_leads_to_what_needs_you(member, workspace):
    notice = tell(workspace, kind=Notice.Kind.DIGEST)
    assert "Show what needs you" in member.get(reverse("notices")).content.decode()
    assert member.get(reverse("notice", args=[notice.public_id])).url == "/queue/?tab=needs_you"
