"""allauth's pages in our house."""

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse

from tests.factories import PASSWORD, a_membership, a_user, a_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return a_membership(a_user(email="ines@example.org"), a_workspace()).user


def test_sign_in_and_out(client, user):
    typed = {"login": "Ines@Example.org", "password": PASSWORD}
    assert client.post(reverse("account_login"), typed).url == "/"
    assert client.post(reverse("account_logout")).url == reverse("account_login")


def test_sign_in_says_nothing_over_the_page_that_opens(client, user):
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert list(client.get("/").context["messages"]) == []


def test_sign_in_with_a_wrong_password_says_so(client, user):
    answer = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    assert (answer.status_code, len(answer.context["form"].errors)) == (200, 1)
    assert 'value="ines@example.org"' in answer.content.decode()


def test_sign_up_is_closed(client):
    answer = client.post(reverse("account_signup"), {"email": "x@example.org", "password1": PASSWORD})
    assert "By invitation only" in answer.content.decode()


def test_forgotten_password_without_mail_names_the_command(client, settings):
    settings.MAIL_IS_SET = False
    assert "manage.py reset_link" in client.get(reverse("account_reset_password")).content.decode()


def test_forgotten_password_with_mail_sends_a_link(client, settings, user):
    settings.MAIL_IS_SET = True
    client.post(reverse("account_reset_password"), {"email": user.email})
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([user.email], "Punctual: a new password")
    assert "http://testserver/account/password/reset/key/" in sent.body


def test_forgotten_password_of_a_stranger_tells_nothing(client, settings, user):
    settings.MAIL_IS_SET = True
    known = client.post(reverse("account_reset_password"), {"email": user.email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert (known.status_code, known.url, len(mail.outbox)) == (unknown.status_code, unknown.url, 1)


def test_password_is_changed(client, user):
    client.force_login(user)
    words = "quite another sentence"
    client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": words, "password2": words})
    user.refresh_from_db()
    assert user.check_password(words)


@pytest.mark.parametrize(
    "name",
    ["account_login", "account_signup", "account_reset_password", "account_reset_password_done", "account_inactive"],
)
def test_page_before_the_sign_in_stands_in_the_house(client, name):
    page = client.get(reverse(name)).content.decode()
    assert ('<div class="gate">' in page, "Punctual" in page) == (True, True)


@pytest.mark.parametrize("name", ["account_change_password", "account_logout", "account_reauthenticate"])
def test_page_after_the_sign_in_stands_in_the_house(client, user, name):
    client.force_login(user)
    page = client.get(reverse(name)).content.decode()
    assert ("css/tokens.css" in page, "<style" in page) == (True, False)


def test_several_mails_are_no_matter_here(client, user):
    client.force_login(user)
    assert client.get(reverse("account_email")).url == reverse("settings")


def test_somebody_without_a_password_chooses_one(client, user):
    user.set_unusable_password()
    user.save()
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    answer = client.get(reverse("account_set_password"))
    assert [template.name for template in answer.templates][:2] == [
        "account/password_set.html",
        "account/password_change.html",
    ]
