import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from scheduler_ui.domain import setup_links
from scheduler_ui.models import User

pytestmark = pytest.mark.django_db


def say(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().strip()


def test_setup_link_opens_with_its_token() -> None:
    *_, token, end = say("setup_link").split("/")
    assert (setup_links.is_valid(token), end) == (True, "")


def test_setup_link_is_refused_once_there_is_a_user() -> None:
    User.objects.create_user("ada@example.org", "secret words")
    with pytest.raises(CommandError) as raised:
        say("setup_link")
    assert str(raised.value) == "There is a user already. They invite others on the settings page."


def test_reset_link_sets_a_new_password(client: Client) -> None:
    user = User.objects.create_user("ada@example.org", "secret words")
    link = say("reset_link", "Ada@Example.org")
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": "quite other words", "password2": "quite other words"})
    user.refresh_from_db()
    assert user.check_password("quite other words")


def test_reset_link_for_a_stranger_is_refused() -> None:
    with pytest.raises(CommandError) as raised:
        say("reset_link", "eve@example.org")
    assert str(raised.value) == "Nobody signs in with eve@example.org."
