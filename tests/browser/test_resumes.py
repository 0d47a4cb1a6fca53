"""Ending a pause: one sees what is overdue first, chooses, and the pages follow."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from scheduler_ui.domain import pauses
from scheduler_ui.models import Delivery
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person():
    return a_user(name="Ines", is_superuser=True)


@pytest.fixture
def workspace(person):
    return a_workspace(person)


def a_late_post(account, **late):
    return a_post(account.workspace, account, scheduled_for=timezone.now().replace(microsecond=0) - timedelta(**late))


def test_a_paused_workspace_is_resumed_with_new_times(sign_in, person, workspace):
    account = an_account(workspace, name="Harbor Coffee")
    first, second = a_late_post(account, hours=3), a_late_post(account, minutes=20)
    page = sign_in(person)
    page.goto(reverse("settings"))
    page.get_by_role("button", name="Pause the workspace").click()
    expect(page.get_by_text("The workspace is paused. 2 posts wait until you resume.")).to_be_visible()

    # Wherever one stands, the banner says so and leads on.
    page.goto(reverse("queue"))
    expect(page.get_by_text("Ines paused it")).to_be_visible()
    page.get_by_role("link", name="Resume…").click()
    dialog = page.get_by_role("dialog", name="Resume Harbor Coffee?")
    expect(dialog.get_by_text("2 posts are overdue:")).to_be_visible()
    expect(dialog.get_by_text("1 goes out now, late by 20 min.")).to_be_visible()
    expect(dialog.get_by_text("1 is later than its late policy allows: you are asked.")).to_be_visible()
    expect(dialog.get_by_label("The first one")).to_be_hidden()
    dialog.get_by_text("Give them new times, in the same order").click()
    at = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT12:00")
    dialog.get_by_label("The first one").fill(at)
    dialog.get_by_label("Minutes from one to the next").fill("45")
    dialog.get_by_role("button", name="Resume").click()

    expect(page.get_by_text("Harbor Coffee publishes again. 2 have new times.")).to_be_visible()
    expect(page.get_by_text("This workspace is paused.")).to_be_hidden()
    times = {row.post_id: row.due_at for row in Delivery.objects.all()}
    assert times[second.pk] - times[first.pk] == timedelta(minutes=45)
    assert set(Delivery.objects.values_list("status", "hold_reason")) == {("scheduled", "")}


def test_a_refused_time_stays_in_the_dialog(sign_in, person, workspace):
    a_late_post(an_account(workspace), hours=1)
    pauses.pause(workspace, person, timezone.now())
    page = sign_in(person)
    page.goto("/")
    page.get_by_role("link", name="Resume…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Give them new times").click()
    dialog.get_by_label("The first one").fill("2020-01-01T10:00")
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_text("That time has passed. Choose a later one.")).to_be_visible()
    assert Delivery.objects.get().hold_reason == "paused"


def test_what_is_wrong_in_hidden_inputs_keeps_no_other_choice_from_being_made(sign_in, person, workspace):
    a_late_post(an_account(workspace), hours=1)
    pauses.pause(workspace, person, timezone.now())
    page = sign_in(person)
    page.goto(reverse("settings_resume"))
    page.get_by_text("Give them new times").click()
    page.get_by_label("Minutes from one to the next").fill("0")
    page.get_by_text("As the late policy says").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("publishes again.")).to_be_visible()
    assert Delivery.objects.get().hold_reason == ""


def test_what_became_overdue_while_the_dialog_was_open_is_shown_before_it_is_dropped(sign_in, person, workspace):
    account = an_account(workspace)
    a_late_post(account, hours=1)
    pauses.pause(workspace, person, timezone.now())
    page = sign_in(person)
    page.goto("/")
    page.get_by_role("link", name="Resume…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Drop all of them").click()
    a_late_post(account, hours=2)
    Delivery.objects.update(hold_reason="paused")
    dialog.get_by_role("button", name="Resume").click()
    expect(dialog.get_by_text("What is overdue has changed since you opened this.")).to_be_visible()
    expect(dialog.get_by_text("2 posts are overdue")).to_be_visible()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"scheduled"}
    expect(dialog.get_by_label("Drop all of them")).to_be_checked()
    dialog.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("2 are dropped.")).to_be_visible()


def test_a_pause_ends_without_a_script(sign_in, open_page, person, workspace):
    a_late_post(an_account(workspace), hours=3)
    pauses.pause(workspace, person, timezone.now())
    page = sign_in(person, open_page(java_script_enabled=False))
    page.goto("/")
    page.get_by_role("link", name="Resume…").click()
    page.get_by_text("Drop all of them").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("1 is dropped.")).to_be_visible()
    assert Delivery.objects.get().status == "canceled"
