import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from scheduler_ui.domain import accounts, pauses
from scheduler_ui.models import Account, Delivery, Installation, Status, Workspace
from tests.factories import NOW, a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def person(client):
    person = a_user(is_superuser=True)
    client.force_login(person)
    return person


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor Coffee")


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def late(account, *minutes):
    for number in minutes:
        a_post(account.workspace, account, scheduled_for=NOW - number * MINUTE)


def held():
    return list(Delivery.objects.order_by("pk").values_list("status", "hold_reason"))


def test_resuming_says_before_what_it_would_do(client, account):
    late(account, 10, 42, 61, -5)
    accounts.pause(account)
    said = words(client.get(reverse("account_resume", args=[account.public_id])))
    assert "Resume Harbor Coffee?" in said
    assert "3 posts are overdue:" in said
    assert "2 go out now, late by up to 42 min." in said
    assert "1 is later than its late policy allows: you are asked." in said
    assert "What shall become of these 3?" in said
    assert held() == [("scheduled", "paused")] * 4


def test_resuming_says_what_the_runaway_brake_will_hold(client, account):
    Account.objects.update(hourly_cap=1)
    late(account, 10, 42)
    accounts.pause(account)
    said = words(client.get(reverse("account_resume", args=[account.public_id])))
    assert (
        "Should all go out, 1 is more than may go to one account within an hour: it is held until you have looked."
        in said
    )


@pytest.mark.parametrize(("gap", "found"), [(3, ["3 s"]), (0.5, ["0.5 s"]), (0, [])])
def test_resuming_says_how_fast_overdue_posts_go_out(client, account, settings, gap, found):
    settings.PUNCTUAL = settings.PUNCTUAL | {"catch_up_gap": gap}
    late(account, 10, 42)
    accounts.pause(account)
    said = words(client.get(reverse("account_resume", args=[account.public_id])))
    assert re.findall("one every (.+?) for each account", said) == found


def test_resuming_what_is_not_overdue_asks_nothing(client, account):
    late(account, -5)
    accounts.pause(account)
    answer = client.get(reverse("account_resume", args=[account.public_id]))
    assert "Nothing is overdue. 1 post waits, and goes out at its time." in words(answer)
    assert "What shall become" not in words(answer)


def test_an_account_is_resumed_as_the_late_policy_says(client, account):
    late(account, 10)
    accounts.pause(account)
    answer = client.post(reverse("account_resume", args=[account.public_id]), follow=True)
    assert "Harbor Coffee publishes again." in words(answer)
    assert held() == [("scheduled", "")]
    assert Account.objects.get().is_paused is False


@pytest.mark.parametrize(
    ("choice", "status", "at", "said"),
    [
        ("publish", Status.SCHEDULED, NOW + timedelta(seconds=1), "2 go out now."),
        ("drop", Status.CANCELED, None, "2 are dropped."),
        # 10:00 in Berlin, where the person is.
        ("reschedule", Status.SCHEDULED, NOW + timedelta(hours=1), "2 have new times."),
    ],
)
def test_a_choice_is_carried_out(client, account, choice, status, at, said):
    late(account, 90, 10)
    accounts.pause(account)
    form = {"choice": choice, "at": "2026-11-23T10:00", "gap": "15"}
    answer = client.post(reverse("account_resume", args=[account.public_id]), form, follow=True)
    assert f"Harbor Coffee publishes again. {said}" in words(answer)
    first, second = Delivery.objects.order_by("pk")
    assert (first.status, first.due_at, first.hold_reason if at else "") == (status, at, "")
    if choice == "reschedule":
        assert second.due_at == NOW + timedelta(hours=1, minutes=15)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"at": "", "gap": "5"}, "Choose a date and a time."),
        ({"at": "2026-11-23T10:00", "gap": ""}, "Say how many minutes."),
        ({"at": "2026-11-23T10:00", "gap": "0"}, "A whole number of minutes, from 1 to 1440."),
        ({"at": "2026-11-23T10:00", "gap": "some"}, "A whole number of minutes, from 1 to 1440."),
        ({"at": "2026-11-23T08:59", "gap": "5"}, "That time has passed. Choose a later one."),
        ({"at": "2027-03-28T02:30", "gap": "5"}, "does not exist"),
    ],
)
def test_new_times_that_cannot_be_are_refused_and_nothing_moves(client, account, form, sentence):
    late(account, 10)
    accounts.pause(account)
    url = reverse("account_resume", args=[account.public_id])
    answer = client.post(url, {"choice": "reschedule"} | form)
    assert (answer.status_code, held()) == (422, [("scheduled", "paused")])
    assert sentence in words(answer)


@pytest.mark.parametrize("choice", ["publish", "drop"])
def test_a_choice_about_all_of_them_is_one_about_those_that_were_named(client, account, choice):
    """The page has stood open for an hour."""
    late(account, 10, 20)
    accounts.pause(account)
    url = reverse("account_resume", args=[account.public_id])
    answer = client.post(url, {"choice": choice, "seen": "1"})
    assert (answer.status_code, held()) == (409, [("scheduled", "paused")] * 2)
    assert "What is overdue has changed since you opened this." in words(answer)
    assert '<input type="hidden" name="seen" value="2">' in answer.content.decode()
    assert client.post(url, {"choice": choice, "seen": "2"}).status_code == 302


def test_the_late_policy_needs_no_second_look(client, account):
    late(account, 10, 20)
    accounts.pause(account)
    url = reverse("account_resume", args=[account.public_id])
    assert client.post(url, {"choice": "policy", "seen": "1"}).status_code == 302


def test_a_resume_in_a_dialog_draws_the_page_under_it_anew(client, account):
    accounts.pause(account)
    url = reverse("account_resume", args=[account.public_id])
    assert b"<html" not in client.get(url, headers={"HX-Request": "true"}).content
    answer = client.post(url, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_resuming_an_account_of_a_paused_workspace_says_so(client, account, workspace, person):
    late(account, 10)
    accounts.pause(account)
    pauses.pause(workspace, person, NOW)
    url = reverse("account_resume", args=[account.public_id])
    assert "The workspace is paused as well" in words(client.get(url))
    client.post(url)
    assert held() == [("scheduled", "paused")]


def test_a_member_pauses_the_workspace_and_everybody_sees_who_did(client, workspace, account, person):
    late(account, -5)
    answer = client.post(reverse("settings_pause"), follow=True)
    assert "The workspace is paused. 1 post waits until you resume." in words(answer)
    assert held() == [("scheduled", "paused")]
    other = a_user()
    a_membership(other, workspace, role="member")
    client.force_login(other)
    seen = words(client.get(reverse("queue")))
    assert "This workspace is paused." in seen
    assert f"{person} paused it, 09:00." in seen


def test_the_workspace_is_resumed_with_a_choice(client, workspace, account, person):
    late(account, 90)
    pauses.pause(workspace, person, NOW)
    assert "1 is later than its late policy allows" in words(client.get(reverse("settings_resume")))
    answer = client.post(reverse("settings_resume"), {"choice": "publish"}, follow=True)
    assert "Harbor Coffee publishes again. 1 goes out now." in words(answer)
    assert Workspace.objects.get().is_paused is False
    assert held() == [("scheduled", "")]
    assert "This workspace is paused." not in words(client.get(reverse("queue")))


def test_publishing_is_switched_on_with_a_choice_for_every_workspace(client, account):
    Installation.objects.create(pk=1, scheduling_enabled=False)
    elsewhere = a_workspace()
    late(account, 10)
    late(an_account(elsewhere), 90)
    said = words(client.get(reverse("settings_publishing_resume")))
    assert "2 posts are overdue:" in said
    answer = client.post(reverse("settings_publishing_resume"), {"choice": "drop"}, follow=True)
    assert "Publishing is on again. 2 are dropped." in words(answer)
    assert Installation.objects.get().scheduling_enabled is True


def test_only_the_operator_switches_publishing(client, workspace, account):
    owner = a_user()
    a_membership(owner, workspace)
    client.force_login(owner)
    for url in ("settings_publishing", "settings_publishing_resume"):
        assert client.post(reverse(url), {"publishing": "off"}).status_code == 403
    assert "Pause everything" not in words(client.get(reverse("settings")))
    assert not Installation.objects.exists()


def test_switching_on_while_the_environment_decides_is_refused_in_words(client, account, settings):
    settings.SCHEDULING_ENABLED = False
    answer = client.post(reverse("settings_publishing_resume"), follow=True)
    assert "SCHEDULING_ENABLED in the environment decides this." in words(answer)


@pytest.mark.parametrize("fixed", [None, True, False])
def test_a_question_from_another_tab_decides_nothing_once_the_switch_is_turned(client, account, settings, fixed):
    settings.SCHEDULING_ENABLED = fixed
    late(account, 10)
    said = words(client.post(reverse("settings_publishing_resume"), {"choice": "drop"}, follow=True))
    refusal = "Publishing is on already." if fixed is None else "SCHEDULING_ENABLED in the environment decides this."
    assert (refusal in said, held()) == (True, [("scheduled", "")])


def test_reconnecting_offers_the_same_choice(client, account):
    late(account, 90, 10, -5)
    accounts.lose(account, "The sign-in was revoked.", NOW)
    url = reverse("account_reconnect", args=[account.public_id])
    said = words(client.get(url))
    assert "2 posts are overdue:" in said
    assert "What shall become of these 2?" in said
    Account.objects.update(remote_id="harbor-coffee")
    client.post(url, {"name": "Harbor Coffee", "kind": "key", "choice": "drop"})
    assert held() == [("canceled", "reconnect"), ("canceled", "reconnect"), ("scheduled", "")]
    assert Account.objects.get().is_connected


def test_reconnecting_that_fails_decides_nothing(client, account):
    late(account, 10)
    accounts.lose(account, "The sign-in was revoked.", NOW)
    url = reverse("account_reconnect", args=[account.public_id])
    answer = client.post(url, {"name": "Somebody else", "kind": "key", "choice": "drop"})
    assert (answer.status_code, held()) == (422, [("scheduled", "reconnect")])
    answer = client.post(url, {"name": "Harbor", "choice": "reschedule", "at": "", "gap": "5"})
    assert (answer.status_code, held()) == (422, [("scheduled", "reconnect")])
