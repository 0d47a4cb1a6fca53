import re

import pytest
from django.urls import reverse

from scheduler_ui.domain import restore_mode
from scheduler_ui.models import Delivery, Installation, User
from tests.factories import NOW, a_post, a_workspace, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

HTMX = {"HX-Request": "true"}


@pytest.fixture
def operator(member):
    User.objects.update(is_superuser=True)
    return member


@pytest.fixture
def restored(workspace):
    for kind in ("key", "blind"):
        a_post(workspace, an_account(workspace, settings={"kind": kind}))
    restore_mode.begin(NOW, NOW)


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def is_on():
    return Installation.objects.get().restored_from is not None


def test_the_operator_reads_what_it_means_from_the_banner_on(operator, restored):
    assert reverse("settings_restored") in operator.get("/").content.decode()
    said = words(operator.get(reverse("settings_restored")))
    assert "1 post is still to be looked for by a worker" in said
    assert "1 post is for a network that cannot be asked." in said


def test_it_does_not_end_before_all_was_looked_for(operator, restored):
    answer = operator.post(reverse("settings_restored"), follow=True)
    assert "A worker has still to look for 1 post." in words(answer)
    assert is_on()


def test_it_ends_by_the_operators_word(operator, restored):
    answer = operator.post(reverse("settings_restored"), {"even_so": "1"}, follow=True)
    assert "Restore mode is over. 2 go on." in words(answer)
    assert (is_on(), set(Delivery.objects.values_list("hold_reason", flat=True))) == (False, {""})
    assert operator.get(reverse("settings_restored")).url == reverse("settings")


@pytest.mark.parametrize("rows", [1, 3])
def test_poll_without_news_is_empty_and_costs_the_same_at_one_row_and_three(
    operator, workspace, rows, django_assert_num_queries
):
    for _row in range(rows):
        a_post(workspace, an_account(workspace))
    restore_mode.begin(NOW, NOW)
    address = operator.get(reverse("settings_restored")).context["poll"].url
    with django_assert_num_queries(7):
        answer = operator.get(address, headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")


def test_poll_brings_what_workers_have_looked_for_since_in_whichever_workspace(operator, restored):
    elsewhere = a_workspace()
    a_post(elsewhere, an_account(elsewhere))
    restore_mode.begin(NOW, NOW)
    page = operator.get(reverse("settings_restored"))
    poll = page.context["poll"]
    assert f'<section id="restored" {poll} ' in page.content.decode()
    Delivery.objects.filter(workspace=elsewhere).update(hold_reason="")
    answer = operator.get(poll.url, headers=HTMX)
    assert (answer.status_code, words(answer).strip().startswith("The data is of")) == (200, True)
    assert "1 post is still to be looked for by a worker" in words(answer)
    assert operator.get(answer.context["poll"].url, headers=HTMX).status_code == 204


def test_page_asks_often_while_workers_look_and_seldom_after(operator, workspace):
    a_post(workspace, an_account(workspace))
    restore_mode.begin(NOW, NOW)
    paces = [operator.get(reverse("settings_restored")).context["poll"].seconds]
    Delivery.objects.update(hold_reason="paused")
    paces.append(operator.get(reverse("settings_restored")).context["poll"].seconds)
    assert paces == [2, 30]


def test_poll_after_the_end_leads_away(operator, restored):
    address = operator.get(reverse("settings_restored")).context["poll"].url
    restore_mode.end(even_so=True)
    assert operator.get(address, headers=HTMX).headers["HX-Redirect"] == reverse("settings")


def test_others_only_see_that_it_is(member, restored):
    assert "This was restored from a backup of" in words(member.get("/"))
    assert reverse("settings_restored") not in member.get("/").content.decode()
    assert member.post(reverse("settings_restored"), {"even_so": "1"}).status_code == 403
    assert is_on()
