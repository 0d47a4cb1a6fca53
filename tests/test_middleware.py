import pytest
from django.contrib import messages
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, reverse

from scheduler_ui.middleware import POLICY
from tests.factories import a_membership, a_user, a_workspace

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/queue/?tab=failed"}


def broken(request):
    raise RuntimeError("secret words")


def told(request):
    messages.success(request, "Moved.", extra_tags="undo:/undo/me/")
    headers = {request.GET["leaves"]: "/"} if "leaves" in request.GET else {}
    return HttpResponse("<p>a fragment</p>", status=int(request.GET.get("status", 200)), headers=headers)


urlpatterns = [path("broken/", broken), path("told/", told), path("", include("project.urls"))]


@pytest.fixture
def member(client):
    member = a_membership(a_user(), a_workspace())
    client.force_login(member.user)
    return member


@pytest.mark.parametrize(
    "address",
    ["/", "/settings/", "/nowhere/", "/account/login/", "/account/email/", "/setup/x/", "/join/x/", "/healthz"],
)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_every_answer_carries_the_policy(client, member, address, is_signed_in):
    if not is_signed_in:
        client.logout()
    assert client.get(address).headers["Content-Security-Policy"] == POLICY


def test_refused_and_broken_answers_carry_the_policy(client, member):
    client.raise_request_exception = False
    client.handler.enforce_csrf_checks = True
    with override_settings(ROOT_URLCONF="tests.test_middleware"):
        answers = [client.post("/settings/look/"), client.get("/broken/"), client.put("/settings/")]
    assert [answer.status_code for answer in answers] == [403, 500, 403]
    assert {answer.headers["Content-Security-Policy"] for answer in answers} == {POLICY}


def test_policy_allows_nothing_inline_and_nothing_evaluated():
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in POLICY


def test_broken_page_is_in_the_house_and_tells_no_secret(client, member):
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF="tests.test_middleware"):
        page = client.get("/broken/").content.decode()
    assert ("Something went wrong" in page, "secret" in page) == (True, False)


def test_not_found_page_is_in_the_house_for_everybody(client, member):
    signed_in = client.get("/nowhere/").content.decode()
    client.logout()
    stranger = client.get("/nowhere/").content.decode()
    assert ("There is nothing here" in signed_in, 'id="nav"' in signed_in) == (True, True)
    assert ("There is nothing here" in stranger, 'id="nav"' in stranger) == (True, False)


def test_forbidden_page_says_why(client, member):
    member.role = "member"
    member.save()
    answer = client.post(reverse("settings_workspace"))
    assert (answer.status_code, "Only an owner of the workspace may do this." in answer.content.decode()) == (403, True)


@pytest.mark.parametrize("name", ["settings", "account_change_password", "shell"])
def test_fragment_of_an_expired_session_leads_back_to_its_page(client, name):
    answer = client.get(reverse(name), headers=HTMX)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/account/login/?next=/queue/%3Ftab%3Dfailed"


def test_fragment_carries_the_messages_as_toasts(client, member):
    with override_settings(ROOT_URLCONF="tests.test_middleware"):
        fragment = client.get("/told/", headers=HTMX).content.decode()
        whole = client.get("/told/").content.decode()
    assert ('hx-swap-oob="beforeend"' in fragment, 'action="/undo/me/"' in fragment, "Moved." in fragment) == (
        True,
    ) * 3
    assert whole == "<p>a fragment</p>"


@pytest.mark.parametrize("query", ["status=404", "leaves=HX-Refresh", "leaves=HX-Redirect", "leaves=HX-Location"])
def test_fragment_that_is_not_swapped_keeps_the_messages_for_the_next(client, member, query):
    with override_settings(ROOT_URLCONF="tests.test_middleware"):
        client.get(f"/told/?{query}", headers=HTMX)
        assert "Moved." in client.get("/settings/").content.decode()
