"""A link from a mail: no sign-in, one power, nothing before the button."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as outbox
from django.test import Client
from django.urls import reverse

from scheduler_ui.domain import accounts, deliveries, mail, one_tap, telling
from scheduler_ui.models import Attempt, Delivery, Event, Membership, Notice, Post, Status
from tests.factories import NOW, a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(settings):
    settings.BASE_URL = ""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def member():
    member = a_membership(a_user(email="ines@example.org"), a_workspace())
    Membership.objects.update(joined_at=NOW - timedelta(days=1))
    return member


@pytest.fixture
def asked(member):
    post = a_post(member.workspace, an_account(member.workspace, name="Harbor"), status=Status.UNCONFIRMED)
    delivery = post.deliveries.get()
    an_attempt(delivery, 1)
    return delivery


def an_attempt(delivery, number):
    outcome = Attempt.Outcome.UNCONFIRMED
    return Attempt.objects.create(delivery=delivery, kind="send", number=number, marked_at=NOW, outcome=outcome)


def link(asked, member, answer="there"):
    return one_tap.links(asked, member.user)[answer]


def status():
    return Delivery.objects.values_list("status", flat=True).get()


def words(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing_however_often(client, asked, member, method):
    for answer in one_tap.Answer:
        for _ in range(2):
            assert getattr(client, method)(link(asked, member, answer)).status_code == 200
    assert (status(), Event.objects.count()) == ("unconfirmed", 0)


def test_the_page_says_what_is_asked_and_in_whose_name(client, asked, member):
    said = words(client.get(link(asked, member, "absent")))
    assert "Is it out on Harbor?" in said
    assert "Winter roast is back on Friday" in said
    assert "If it is there after all, it will be there twice." in said
    assert f"You answer as {member.user}. Nothing happens before you press the button." in said


@pytest.mark.parametrize(
    ("answer", "becomes", "said"),
    [("there", "published", "It counts as published"), ("absent", "retrying", "It is sent again now")],
)
def test_one_press_answers_signed_out(client, asked, member, answer, becomes, said):
    assert said in words(client.post(link(asked, member, answer)))
    assert status() == becomes
    assert list(Event.objects.values_list("kind", "actor")) == [(answer, member.user.pk)]


def test_it_promises_nothing_that_a_pause_holds(client, asked, member):
    accounts.pause(asked.account)
    said = words(client.post(link(asked, member, "absent")))
    assert ("It is to be sent again" in said, "sent again now" in said, "in the next seconds" in said) == (
        True,
        False,
        False,
    )


def test_it_answers_once(client, asked, member):
    there, absent = link(asked, member), link(asked, member, "absent")
    client.post(there)
    assert "This has been answered already" in words(client.get(absent))
    assert "This has been answered already" in words(client.post(absent))
    assert (status(), Event.objects.count()) == ("published", 1)


def test_a_link_about_an_older_answer_answers_no_newer_one(client, asked, member):
    old = link(asked, member)
    deliveries.confirm_absent(asked, actor=member.user, now=NOW)
    an_attempt(asked, 2)
    Delivery.objects.update(status=Status.UNCONFIRMED, due_at=None)
    assert "This has been answered already" in words(client.post(old))
    assert status() == "unconfirmed"


def test_a_faster_answer_is_told(client, asked, member, monkeypatch):
    def faster(delivery, *details, **named):
        Delivery.objects.update(status=Status.PUBLISHED)
        return confirm(delivery, *details, **named)

    confirm = deliveries.confirm_there
    monkeypatch.setattr(deliveries, "confirm_there", faster)
    answer = client.post(link(asked, member))
    assert (answer.status_code, status()) == (409, "published")


def test_a_link_dies_after_three_days(client, asked, member, clock):
    address = link(asked, member)
    clock.shift(timedelta(days=3, seconds=1))
    assert client.post(address).status_code == 410
    assert status() == "unconfirmed"


@pytest.mark.parametrize("change", ["left", "blocked", "trash"])
def test_a_link_dies_with_what_gave_it_its_power(client, asked, member, change):
    address = link(asked, member)
    if change == "left":
        member.delete()
    elif change == "blocked":
        type(member.user).objects.update(is_active=False)
    else:
        Post.objects.update(deleted_at=NOW)
    assert [client.get(address).status_code, client.post(address).status_code] == [410, 410]
    assert status() == "unconfirmed"


def test_a_changed_link_is_none(client, asked, member):
    address = link(asked, member)
    token = address.split("/")[-2]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase(), "x" * 40):
        assert client.post(reverse("one_tap", args=[wrong])).status_code == 410
    assert status() == "unconfirmed"


def test_the_button_needs_the_token_of_its_own_page(asked, member):
    client = Client(enforce_csrf_checks=True)
    assert client.post(link(asked, member)).status_code == 403
    assert status() == "unconfirmed"


def test_nobody_keeps_or_lists_the_page(client, asked, member):
    answer = client.get(link(asked, member))
    assert (answer["X-Robots-Tag"], "no-store" in answer["Cache-Control"]) == ("noindex", True)
    assert "sessionid" not in answer.cookies


def test_the_mail_carries_both_answers_while_it_is_asked(client, asked, member, settings):
    settings.MAIL_IS_SET, settings.BASE_URL = True, "https://punctual.example"
    telling.tell(Notice.Kind.ASKED, asked, NOW)
    assert mail.send_waiting(NOW + timedelta(seconds=10)) == 1
    said = outbox.outbox[0].body
    assert "“Winter roast is back on Friday”" in said
    there, absent = re.findall(r"https://punctual\.example(/answer/\S+)", said)
    assert client.post(absent).status_code == 200
    assert (status(), client.post(there).status_code) == ("retrying", 200)
    assert status() == "retrying"


def test_a_question_that_was_answered_is_not_mailed(asked, member, settings):
    settings.MAIL_IS_SET = True
    telling.tell(Notice.Kind.ASKED, asked, NOW)
    deliveries.confirm_there(asked, "", actor=member.user, now=NOW)
    assert mail.send_waiting(NOW + timedelta(seconds=10)) == 0
