from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import accounts
from scheduler_ui.domain.rehearsals import ArrivalLog
from scheduler_ui.models import Delivery, Event, Hold, Status
from tests.factories import NOW, a_delivery, a_post, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}
SECOND = timedelta(seconds=1)


@pytest.fixture
def delivery_of(workspace):
    def write(status, **fields):
        return a_delivery(a_post(workspace), an_account(workspace, name="Harbor"), status=status, **fields)

    return write


def do(member, name, delivery, **values):
    answer = member.post(reverse(f"delivery_{name}", args=[delivery.public_id]), values, headers=HTMX)
    return answer, " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("name", "status", "expected", "sentence"),
    [
        ("now", Status.SCHEDULED, Status.SCHEDULED, "It goes out now."),
        ("now", Status.MISSED, Status.SCHEDULED, "It goes out now."),
        ("retry", Status.FAILED, Status.SCHEDULED, "It is tried again now."),
        ("cancel", Status.RETRYING, Status.CANCELED, "Canceled. It is kept, and will not be sent."),
        ("drop", Status.MISSED, Status.CANCELED, "Canceled. It is kept, and will not be sent."),
        ("absent", Status.UNCONFIRMED, Status.RETRYING, "It is sent again now."),
        ("there", Status.UNCONFIRMED, Status.PUBLISHED, "It counts as published."),
    ],
)
def test_decision_is_taken_told_and_remembered(member, delivery_of, name, status, expected, sentence):
    delivery = delivery_of(status)
    answer, said = do(member, name, delivery)
    assert (sentence in said, "app:wake" in answer.headers["HX-Trigger"]) == (True, True)
    assert (Delivery.objects.get().status, Event.objects.count()) == (expected, 1)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("now", Status.PUBLISHING),
        ("retry", Status.PUBLISHED),
        ("cancel", Status.PUBLISHING),
        ("cancel", Status.PUBLISHED),
        ("drop", Status.CANCELED),
        ("absent", Status.PUBLISHED),
        ("there", Status.SCHEDULED),
    ],
)
def test_decision_that_comes_too_late_is_refused_in_words(member, delivery_of, name, status):
    delivery = delivery_of(status)
    _answer, said = do(member, name, delivery)
    assert "toast error" in said
    assert (Delivery.objects.get().status, Event.objects.count()) == (status, 0)


@pytest.mark.parametrize("typed", [{"url": "ftp://x"}, {"remote_id": "x" * 301}])
def test_where_it_is_said_to_be_is_refused_in_words(member, delivery_of, typed):
    _answer, said = do(member, "there", delivery_of(Status.UNCONFIRMED), **typed)
    assert ("toast error" in said, Delivery.objects.get().status) == (True, Status.UNCONFIRMED)


@pytest.mark.parametrize("at", ["9999-12-31T10:00", "2200-01-01T10:00", "1969-12-31T10:00"])
def test_new_time_that_no_calendar_shows_is_refused_in_words(member, delivery_of, at):
    answer, said = do(member, "reschedule", delivery_of(Status.SCHEDULED), at=at)
    assert (answer.status_code, "Choose a date and a time." in said) == (422, True)


@pytest.mark.parametrize(
    ("name", "status"), [("now", Status.SCHEDULED), ("retry", Status.FAILED), ("absent", Status.UNCONFIRMED)]
)
def test_nothing_is_promised_that_a_pause_holds(member, delivery_of, name, status):
    delivery = delivery_of(status)
    accounts.pause(delivery.account)
    _answer, said = do(member, name, delivery)
    assert "Noted, but it is still held. The post&#x27;s page says why." in said


def test_now_is_the_next_second(member, delivery_of):
    do(member, "now", delivery_of(Status.SCHEDULED))
    assert Delivery.objects.get().due_at == NOW + SECOND


def test_it_is_there_keeps_the_pasted_link(member, delivery_of):
    do(member, "there", delivery_of(Status.UNCONFIRMED), url="https://network.example/1")
    assert Delivery.objects.get().remote_url == "https://network.example/1"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "ftp://network.example/1", "not a link", "https://" + "a" * 600]
)
def test_it_is_there_refuses_what_is_no_web_address(member, delivery_of, url):
    _answer, said = do(member, "there", delivery_of(Status.UNCONFIRMED), url=url)
    assert "toast error" in said
    assert Delivery.objects.get().status == Status.UNCONFIRMED


def test_reschedule_moves_one_delivery_of_many(member, workspace):
    post = a_post(workspace, an_account(workspace), an_account(workspace))
    first, second = Delivery.objects.order_by("pk")
    _answer, said = do(member, "reschedule", first, at="2026-11-24T09:00")
    assert "Moved to Tuesday 24 November, 09:00." in said
    first.refresh_from_db()
    assert (first.scheduled_for, second.scheduled_for) == (NOW + timedelta(days=1), post.scheduled_for)


def test_reschedule_without_htmx_is_a_page_of_its_own(member, delivery_of):
    page = member.get(reverse("delivery_reschedule", args=[delivery_of(Status.SCHEDULED).public_id]))
    assert "Reschedule for Harbor" in page.content.decode()


def test_delivery_in_the_trash_is_not_there(member, workspace):
    delivery = a_delivery(a_post(workspace, deleted_at=NOW), an_account(workspace), hold_reason=Hold.DELETED)
    assert do(member, "now", delivery)[0].status_code == 404


@pytest.mark.parametrize("name", ["now", "retry", "cancel", "drop", "there", "absent"])
def test_reading_an_address_decides_nothing(member, delivery_of, name):
    address = reverse(f"delivery_{name}", args=[delivery_of(Status.SCHEDULED).public_id])
    assert member.get(address).status_code == 405


def test_way_back_is_never_to_another_site(member, delivery_of):
    delivery = delivery_of(Status.SCHEDULED)
    address = reverse("delivery_cancel", args=[delivery.public_id])
    answer = member.post(address, {"next": "https://evil.example/"})
    assert answer.url == reverse("post", args=[delivery.post.public_id])


def test_the_networks_latest_posts_are_listed_after_the_page(member, workspace):
    account = an_account(workspace, settings={"kind": "lookup"})
    delivery = a_post(workspace, account, status=Status.UNCONFIRMED).deliveries.get()
    ArrivalLog().add(account.public_id, "key", "Winter roast is back on Friday", "lost", is_accepted=True)
    url = reverse("delivery_recent", args=[delivery.public_id])
    assert url in member.get(reverse("post", args=[delivery.post.public_id])).content.decode()
    listed = member.get(url, headers={"HX-Request": "true"}).content.decode()
    assert ["<html" in listed, "says the same" in listed] == [False, True]
    assert "<html" in member.get(url).content.decode()
    remote_id = ArrivalLog().find(account.public_id, "key")
    member.post(
        reverse("delivery_there", args=[delivery.public_id]),
        {"remote_id": remote_id, "url": f"http://localhost:8000/accounts/{account.public_id}/rehearsal/"},
    )
    delivery.refresh_from_db()
    assert (delivery.status, delivery.remote_id) == ("published", remote_id)
    assert member.get(url).url == reverse("post", args=[delivery.post.public_id])
