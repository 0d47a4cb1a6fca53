"""When only a person can say whether a post is out: on its page, and from a mail on a phone that is not signed in."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import boards, one_tap
from scheduler_ui.domain.rehearsals import ArrivalLog
from scheduler_ui.models import Attempt, Delivery, Status
from tests.browser.conftest import PHONE
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    return a_user(name="Ines")


@pytest.fixture
def asked(person):
    workspace = a_workspace(person)
    account = an_account(workspace, name="Harbor Coffee", settings={"kind": "lookup"})
    delivery = a_post(workspace, account, status=Status.UNCONFIRMED).deliveries.get()
    Attempt.objects.create(
        delivery=delivery, kind="send", number=1, marked_at=timezone.now(), outcome="unconfirmed", error="No answer."
    )
    return delivery


def test_the_listed_post_is_chosen_and_stays_on_screen_while_the_page_changes(sign_in, person, asked):
    ArrivalLog().add(asked.account.public_id, "k1", "Something else", "accept", is_accepted=True)
    ArrivalLog().add(asked.account.public_id, "k2", asked.content, "lost", is_accepted=True)
    page = sign_in(person)
    page.goto(reverse("post", args=[asked.post.public_id]))
    expect(page.get_by_text("says the same")).to_be_visible()
    expect(page.get_by_role("button", name="It is this one")).to_have_count(2)
    # A change elsewhere draws the page anew; what was listed is not asked for again.
    ArrivalLog().add(asked.account.public_id, "k3", "A third", "accept", is_accepted=True)
    boards.touch(asked.workspace_id)
    with page.expect_response(lambda answer: "seen=" in answer.url and answer.status == 200):
        page.evaluate("document.body.dispatchEvent(new Event('app:wake'))")
    expect(page.get_by_role("button", name="It is this one")).to_have_count(2)
    page.get_by_role("button", name="It is this one: Winter roast").click()
    expect(page.get_by_text("It counts as published.")).to_be_visible()
    kept = Delivery.objects.get()
    assert (kept.status, kept.remote_id) == ("published", ArrivalLog().find(asked.account.public_id, "k2"))


def test_a_link_from_a_mail_answers_on_a_phone_that_is_not_signed_in(open_page, asked, person, live_server, settings):
    settings.BASE_URL = live_server.url
    address = one_tap.links(asked, person)["absent"]
    page = open_page(viewport=PHONE)
    page.goto(address)
    expect(page.get_by_role("heading", name="Is it out on Harbor Coffee?")).to_be_visible()
    expect(page.get_by_text("You answer as Ines.")).to_be_visible()
    page.reload()
    assert Delivery.objects.get().status == Status.UNCONFIRMED
    page.get_by_role("button", name="It is not there: send it again").click()
    expect(page.get_by_role("heading", name="It is sent again now")).to_be_visible()
    assert Delivery.objects.get().status == Status.RETRYING
    page.goto(address)
    expect(page.get_by_role("heading", name="This has been answered already")).to_be_visible()
