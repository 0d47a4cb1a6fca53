import pytest
from django.urls import reverse

from tests.factories import a_user, a_workspace

pytestmark = pytest.mark.django_db
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


def ask(client, **meta):
    return client.get(reverse("metrics"), **meta)


def test_the_machine_itself_may_read_it(client):
    answer = ask(client)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b"\npunctual_worker_alive 0\n" in answer.content


def test_somebody_elsewhere_finds_nothing(client):
    assert ask(client, **ELSEWHERE).status_code == 404


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA"])
def test_a_proxy_of_this_machine_is_not_the_machine(client, header):
    assert ask(client, **{header: "203.0.113.7"}).status_code == 404


def test_behind_a_proxy_nobody_is_on_this_machine(client, settings):
    settings.BEHIND_PROXY = True
    assert ask(client).status_code == 404


def test_the_token_opens_it_from_elsewhere(client, settings):
    settings.METRICS_TOKEN = "a long token"
    assert ask(client, HTTP_AUTHORIZATION="Bearer a long token", **ELSEWHERE).status_code == 200
    assert ask(client, HTTP_AUTHORIZATION="Bearer another", **ELSEWHERE).status_code == 404


def test_no_token_set_is_not_an_empty_token(client):
    assert ask(client, HTTP_AUTHORIZATION="Bearer ", **ELSEWHERE).status_code == 404


def test_the_operator_may_read_it_and_a_member_may_not(client):
    person = a_user()
    a_workspace(person)
    client.force_login(person)
    assert ask(client, **ELSEWHERE).status_code == 404
    person.is_superuser = True
    person.save()
    assert ask(client, **ELSEWHERE).status_code == 200
