"""PostgreSQL keeps no null character. Whoever sends one, anywhere, gets an answer in words and no error of ours."""

import httpx
import pytest
from django.urls import reverse

from scheduler_ui.models import Workspace
from scheduler_ui.platforms.http import Response
from tests.factories import NOW, a_post, a_user, a_workspace, an_account
from tests.views.test_every_url import URLS

pytestmark = pytest.mark.django_db

NULL = "a\0b"
# Every name that a view reads for itself, and some that forms read.
ASKED = dict.fromkeys(["q", "tab", "after", "before", "page", "month", "here", "move", "zone", "seen", "view"], NULL)
TYPED = dict.fromkeys(["text", "accounts", "title", "name", "role", "next", "place", "post", "newest", "zone"], NULL)
TYPED |= dict.fromkeys(["browser_zone", "timezone", "time", "date", "media", "alt", "here", "handle", "url"], NULL)


@pytest.fixture
def member(client):
    person = a_user()
    workspace = a_workspace(person)
    a_post(workspace, an_account(workspace))
    client.force_login(person)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(("name", "arguments"), URLS)
def test_null_character_is_no_error_of_ours(member, name, arguments):
    address = reverse(name, args=["rehearsal" if argument == "slug" else NULL for argument in arguments])
    answers = [member.get(address, ASKED), member.post(address.replace("%00", ""), TYPED)]
    assert [answer.status_code for answer in answers if answer.status_code >= 500 and name != "readyz"] == []


def test_what_is_typed_is_kept_without_it(member):
    typed = {"name": "Harbor\0 Tea", "timezone": "Europe/Lisbon", "late_minutes": "5", "late_then": "skip"}
    member.post(reverse("settings_workspace"), typed)
    assert Workspace.objects.get().name == "Harbor Tea"


def test_answer_of_a_platform_is_kept_without_it():
    body = rb'{"id": "a\u0000b\\u0000", "odd": "\ud800", "many": [{"x\u0000": "\u0000"}]}' + b"\0"
    response = Response(None, 200, httpx.Headers(), body[:-1], True, NOW)
    assert response.json() == {"id": r"ab\u0000", "odd": "?", "many": [{"x": ""}]}
