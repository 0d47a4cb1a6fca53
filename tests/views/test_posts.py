from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.models import Attempt, Delivery, Event, Hold, Media, Post, PostMedia, Role, Status, Worker
from scheduler_ui.views.boards import SEEN
from tests.factories import NOW, a_delivery, a_membership, a_post, a_user, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def person():
    return a_user(timezone="Europe/Berlin", name="Jonas")


def page_of(member, post):
    return member.get(reverse("post", args=[post.public_id]))


def do(member, name, row, values=None, **headers):
    return member.post(reverse(name, args=[row.public_id]), values or {}, headers=HTMX | headers)


def said(answer):
    return " ".join(answer.content.decode().split())


def test_page_says_due_and_sent_to_the_hundredth(member, workspace, account):
    post = a_post(workspace, scheduled_for=NOW)
    a_delivery(post, account, status=Status.PUBLISHED, sent_at=NOW + timedelta(milliseconds=40))
    page = said(page_of(member, post))
    assert "due <b>09:00:00</b> · sent <b>09:00:00.04</b>" in page
    assert "It is out, 0.04 s after its time." in page


def test_page_counts_what_is_out_and_names_the_rest(member, workspace):
    Worker.objects.create(host="h", pid=1, threads=1, started_at=NOW, beat_at=NOW)
    post = a_post(workspace)
    for status in (Status.PUBLISHED, Status.UNCONFIRMED, Status.PROCESSING):
        a_delivery(post, an_account(workspace), status=status)
    a_delivery(post, an_account(workspace), status=Status.UNCONFIRMED, due_at=NOW)
    page = said(page_of(member, post))
    assert "<b>1 of 4 published</b>" in page
    assert [part in page for part in ("1 needs you", "1 being looked for", "1 processing")] == [True, True, True]


def test_page_shows_other_members_their_own_clock(member, workspace, account):
    a_membership(a_user(timezone="America/New_York", clock="12", name="Ana"), workspace, Role.MEMBER)
    a_membership(a_user(timezone="Asia/Tokyo", name="Kenji"), workspace, Role.MEMBER)
    a_membership(a_user(timezone="Europe/Paris", name="Same clock"), workspace, Role.MEMBER)
    post = a_post(workspace, account, scheduled_for=NOW + 7 * HOUR)
    assert page_of(member, post).context["page"].others == [
        ("Ana", "10:00 am in New York"),
        ("Kenji", "Tue 24 Nov, 00:00 in Tokyo"),
    ]


def test_page_prints_a_platforms_words_and_never_its_markup(member, workspace, account):
    delivery = a_delivery(a_post(workspace), account, status=Status.FAILED, error="Refused <i>so</i>.")
    Attempt.objects.create(
        delivery=delivery, number=1, marked_at=NOW, ended_at=NOW, outcome="rejected", answer="<img src=x onerror=a()>"
    )
    page = said(page_of(member, delivery.post))
    assert ("<img src=x" in page, "<code hx-ignore>&lt;img src=x onerror=a()&gt;</code>" in page) == (False, True)
    assert "Refused as it stands: sending the same again cannot help." in page


def test_link_to_the_remote_post_gives_nothing_away(member, workspace, account):
    url = "https://network.example/1"
    delivery = a_delivery(a_post(workspace), account, status=Status.PUBLISHED, remote_url=url)
    assert f'href="{url}" rel="noopener noreferrer"' in said(page_of(member, delivery.post))


def test_page_costs_the_same_queries_for_one_delivery_and_three(member, workspace, django_assert_num_queries):
    post = a_post(workspace)
    for number in (1, 3):
        while post.deliveries.count() < number:
            delivery = a_delivery(post, an_account(workspace))
            Attempt.objects.create(delivery=delivery, number=1, marked_at=NOW)
            Event.objects.create(post=post, actor=a_user(), kind="scheduled", at=NOW)
            _attach(post)
            a_membership(a_user(timezone="Asia/Tokyo"), workspace)
        with django_assert_num_queries(16):
            assert len(page_of(member, post).context["page"].cards) == number


def _attach(post):
    media = Media.objects.create(workspace=post.workspace, kind="image", name="cup", content_type="image/jpeg", bytes=1)
    PostMedia.objects.create(post=post, media=media, position=0)


def test_page_polls_for_news_alone(member, workspace, account):
    post = a_post(workspace, account)
    seen = page_of(member, post).context["poll"].url.partition(f"{SEEN}=")[2]
    address = f"{reverse('post', args=[post.public_id])}?{SEEN}={seen}"
    assert member.get(address, headers=HTMX).status_code == 204
    do(member, "post_cancel", post)
    fragment = said(member.get(address, headers=HTMX))
    assert ("<html" in fragment, "Canceled" in fragment) == (False, True)


def test_draft_without_an_account_has_a_page(member, workspace):
    page = said(page_of(member, a_post(workspace, text="", scheduled_for=None)))
    assert "It goes nowhere until you give it an account and a time." in page


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.SCHEDULED, ["now", "reschedule", "cancel"]),
        (Status.RETRYING, ["now", "reschedule", "cancel"]),
        (Status.PUBLISHING, []),
        (Status.PROCESSING, []),
        (Status.PUBLISHED, []),
        (Status.FAILED, ["retry", "reschedule", "drop"]),
        (Status.MISSED, ["now", "reschedule", "drop"]),
        (Status.CANCELED, ["reschedule", "now"]),
        (Status.UNCONFIRMED, []),
    ],
)
def test_actions_are_those_of_the_status(member, workspace, account, status, expected):
    (card,) = page_of(member, a_post(workspace, account, status=status)).context["page"].cards
    assert [action.value for action in card.actions] == expected
    assert card.is_asked == (status == Status.UNCONFIRMED)


def test_publish_now_moves_all_of_a_post(member, workspace, account):
    post = a_post(workspace, account, an_account(workspace))
    assert "It goes out now." in said(do(member, "post_now", post))
    assert set(Delivery.objects.values_list("due_at", flat=True)) == {NOW + timedelta(seconds=1)}


def test_reschedule_asks_in_the_viewers_clock_and_keeps_the_posts_zone(member, workspace, account):
    post = a_post(workspace, account, timezone="America/New_York")
    question = member.get(reverse("post_reschedule", args=[post.public_id]), headers=HTMX)
    assert 'value="2026-11-23T10:00"' in said(question)
    answer = do(member, "post_reschedule", post, {"at": "2026-11-24T15:00"})
    post.refresh_from_db()
    assert "Moved to Tuesday 24 November, 15:00." in said(answer)
    assert (post.local_time.isoformat(), post.timezone) == ("2026-11-24T09:00:00", "America/New_York")


def test_reschedule_into_the_past_is_refused_at_the_field(member, workspace, account):
    post = a_post(workspace, account)
    answer = do(member, "post_reschedule", post, {"at": "2026-11-23T08:00"})
    assert (answer.status_code, "That time has passed." in said(answer)) == (422, True)


def test_what_has_started_is_refused_in_words(member, workspace, account):
    post = a_post(workspace, account, status=Status.PUBLISHING)
    assert "It is going out now, so it can no longer change." in said(do(member, "post_now", post))
    answer = do(member, "post_reschedule", post, {"at": "2026-11-24T15:00"})
    assert (answer.status_code, "It is going out now" in said(answer)) == (422, True)
    assert "It is going out now, so it cannot be deleted yet." in said(do(member, "post_delete", post))


def test_cancel_ends_what_waits_and_leaves_what_is_out(member, workspace, account):
    post = a_post(workspace, account)
    a_delivery(post, an_account(workspace), status=Status.PUBLISHED)
    assert "1 canceled." in said(do(member, "post_cancel", post))
    assert set(Delivery.objects.values_list("status", flat=True)) == {"canceled", "published"}


def test_duplicate_is_a_draft_with_the_same_words_and_pictures(member, workspace, account):
    post = a_post(workspace, account, text="Winter roast", status=Status.PUBLISHED)
    Delivery.objects.update(text="own")
    _attach(post)
    answer = do(member, "post_duplicate", post)
    copy = Post.objects.exclude(pk=post.pk).get()
    delivery = copy.deliveries.get()
    assert answer.url == reverse("post_edit", args=[copy.public_id])
    assert (copy.text, copy.scheduled_for, delivery.status, delivery.text) == (post.text, None, Status.DRAFT, "own")
    assert copy.attachments.count() == 1


def test_delete_asks_what_it_means_then_offers_a_way_back(member, workspace, account):
    post = a_post(workspace, account)
    question = said(member.get(reverse("post_delete", args=[post.public_id]), headers=HTMX))
    assert "It will not go out to Harbor Coffee." in question
    answer = do(member, "post_delete", post)
    undo = reverse("post_restore", args=[post.public_id])
    assert f'action="{undo}"' in said(answer)
    assert (Delivery.objects.get().hold_reason, page_of(member, post).status_code) == (Hold.DELETED, 404)
    member.post(undo)
    assert (Delivery.objects.get().hold_reason, page_of(member, post).status_code) == (Hold.NONE, 200)


def test_delete_on_the_posts_own_page_leads_to_the_queue(member, workspace, account):
    post = a_post(workspace, account)
    here = f"http://testserver{reverse('post', args=[post.public_id])}"
    answer = do(member, "post_delete", post, **{"HX-Current-URL": here})
    assert answer.headers["HX-Redirect"] == reverse("queue")
    assert "In the trash for 30 days." in said(member.get(reverse("queue")))
