from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from scheduler_ui.domain import boards
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.models import Status, Worker
from tests.factories import a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(client):
    member = a_membership(a_user(), a_workspace())
    client.force_login(member.user)
    return member


def a_worker(seconds_ago=0):
    at = timezone.now() - timedelta(seconds=seconds_ago)
    return Worker.objects.create(host="harbor", pid=1, threads=1, started_at=at, beat_at=at)


def ask(client, page="/queue/"):
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    return client.get(client.get("/settings/").context["shell"].poll.url, headers=headers)


def test_page_without_a_worker_says_that_nothing_goes_out_and_what_is_next(client, member):
    soon = timezone.now() + timedelta(minutes=4, seconds=10)
    a_post(member.workspace, an_account(member.workspace), scheduled_for=soon)
    a_worker(seconds_ago=60)
    page = client.get("/settings/").content.decode()
    assert ("No worker is running: nothing goes out." in page, "Next post due in 4 min." in page) == (True, True)


def test_page_with_a_worker_is_calm(client, member):
    a_worker()
    page = client.get("/settings/").content.decode()
    assert ("No worker is running: " in page, "Worker is running" in page) == (False, True)


@pytest.mark.parametrize(
    ("minutes", "words"), [(-121, "Next post due 2 h 1 min ago"), (0, "Next post due now"), (10, "Next post ")]
)
def test_sidebar_says_of_a_post_whose_time_has_come_that_it_is_due(client, member, minutes, words):
    a_worker()
    at = timezone.now() + timedelta(minutes=minutes)
    a_post(member.workspace, an_account(member.workspace), scheduled_for=at)
    page = client.get("/settings/").content.decode()
    face = Clock.of(member.user).point(at, timezone.now()) if minutes > 0 else ""
    assert words + face in page


def test_idle_poll_is_empty_and_costs_two_queries(client, member, django_assert_num_queries):
    address = client.get("/settings/").context["shell"].poll.url
    with django_assert_num_queries(2):
        answer = client.get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_poll_after_a_change_brings_counts_for_the_page_it_stands_on(client, member):
    address = client.get("/settings/").context["shell"].poll.url
    a_post(member.workspace, an_account(member.workspace), status=Status.FAILED)
    boards.touch(member.workspace_id)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/queue/?tab=failed"}
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    assert (answer.context["shell"].trouble, answer.context["shell"].section) == (1, "queue")


def test_pages_of_one_workspace_do_not_offer_another(client, member):
    assert "/open/" not in client.get("/settings/").content.decode()


def test_other_workspace_of_mine_is_opened(client, member):
    other = a_membership(member.user, a_workspace(name="Roastery")).workspace
    assert "Roastery" in client.get("/settings/").content.decode()
    client.post(reverse("workspace_open", args=[other.public_id]))
    assert client.get("/settings/").context["member"].workspace == other


def test_workspace_of_others_is_not_opened(client, member):
    client.post(reverse("workspace_open", args=[a_workspace().public_id]))
    assert client.get("/settings/").context["member"].workspace == member.workspace
