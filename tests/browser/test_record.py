"""The on-time record in a browser: a post that goes out late appears without a reload; the phone reaches the page."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import boards
from scheduler_ui.models import Delivery, Status, move_to
from tests.browser.conftest import PHONE
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace():
    return a_workspace(a_user())


def goes_out(workspace, seconds, text):
    """A post of ten minutes ago that left so many seconds after its time."""
    at = timezone.now() - timedelta(minutes=10)
    post = a_post(workspace, an_account(workspace), text=text, scheduled_for=at, status=Status.PROCESSING)
    delivery = Delivery.objects.get(post=post)
    sent_at = at + timedelta(seconds=seconds)
    assert move_to(delivery, Status.PUBLISHED, due_at=None, sent_at=sent_at, settled_at=sent_at)
    Delivery.objects.filter(post=post).update(created_at=at)
    boards.touch(workspace.pk)


def test_a_late_post_appears_by_itself(sign_in, workspace):
    page = sign_in(workspace.memberships.get().user)
    page.goto(reverse("record"))
    expect(page.get_by_role("heading", name="Nothing has gone out in")).to_be_visible()
    goes_out(workspace, 0.04, "In time")
    page.evaluate("document.body.dispatchEvent(new Event('app:wake'))")
    expect(page.get_by_text("1 of 1 post went out within one second of its time.")).to_be_visible()
    expect(page.get_by_role("img", name="Lateness by day")).to_be_visible()
    goes_out(workspace, 302, "Five minutes late")
    page.evaluate("document.body.dispatchEvent(new Event('app:wake'))")
    row = page.get_by_role("row", name="Five minutes late")
    expect(row).to_contain_text("5 min 2 s")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="On time")).to_be_visible()
    expect(page.locator(".timings")).to_contain_text("5 min 2 s late")


def test_the_phone_reaches_it_under_more(sign_in, open_page, workspace):
    page = sign_in(workspace.memberships.get().user, open_page(viewport=PHONE))
    page.goto("/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="On time").click()
    expect(page).to_have_url(re.compile(f"{reverse('record')}$"))
    expect(page.get_by_role("button", name="More")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
