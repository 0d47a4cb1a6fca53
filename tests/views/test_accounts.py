import pytest
from django.urls import reverse

from scheduler_ui.models import Account, Delivery, Notice, Status
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import ConnectError
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
State = Account.State


@pytest.fixture
def account(workspace, fake):
    return an_account(workspace, platform="fake", name="Harbor Coffee", handle="@harbor", remote_id="did:harbor")


def get(client, name, *args, **options):
    return client.get(reverse(name, args=args), **options)


def post(client, name, *args, data=None, **options):
    return client.post(reverse(name, args=args), data or {}, **options)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_the_list_names_state_and_problem(member, account):
    Account.objects.update(sync_error="It could not be reached.", followers=12406)
    text = get(member, "accounts").content.decode()
    assert ("Connected" in text, "could not be read" in text, "12,406" in text) == (True, True, True)


def test_an_empty_list_says_what_to_do(member):
    assert reverse("accounts_connect") in get(member, "accounts").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_three_as_for_one(
    member, workspace, account, count, django_assert_max_num_queries, request
):
    for _ in range(count):
        a_post(workspace, an_account(workspace, platform="fake"), scheduled_for=NOW)
    get(member, "accounts")
    with django_assert_max_num_queries(14) as queries:
        get(member, "accounts")
    kept = request.config.stash.setdefault(COUNTED, len(queries))
    assert len(queries) == kept


COUNTED = pytest.StashKey[int]()


def test_a_poll_without_news_is_empty(member, account):
    poll = get(member, "accounts").context["poll"]
    response = member.get(poll.url, headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (204, b"")


def test_pausing_holds_and_resuming_releases(member, account, workspace):
    a_post(workspace, account, scheduled_for=NOW)
    response = post(member, "account_pause", account.public_id, follow=True)
    assert said(response) == ["Harbor Coffee is paused. 1 post waits until you resume."]
    assert Delivery.objects.get().hold_reason == "paused"
    post(member, "account_resume", account.public_id)
    assert Delivery.objects.get().hold_reason == ""


def test_disconnecting_names_its_numbers_first(member, account, workspace):
    a_post(workspace, account, scheduled_for=NOW)
    a_delivery(a_post(workspace), account, status=Status.PUBLISHED)
    asked = get(member, "account_disconnect", account.public_id).content.decode()
    assert "Its 1 published post stays" in asked
    assert "Disconnect and cancel 1" in asked
    response = post(member, "account_disconnect", account.public_id, follow=True)
    assert said(response) == ["Harbor Coffee is disconnected. 1 waiting post was canceled."]
    assert get(member, "account", account.public_id).status_code == 404


def test_syncing_by_hand_tells_what_went_wrong(member, account, fake):
    fake.script = {"profile": [ConnectionResetError("canary-9e")]}
    response = post(member, "account_sync", account.public_id, follow=True)
    assert said(response) == ["Something went wrong while it was being read."]


def test_connecting_leads_to_the_account(member, fake):
    response = post(member, "accounts_connect_to", "fake", data={"handle": "harbor", "password": "x"})
    assert response.url == reverse("account", args=[Account.objects.get().public_id])


def test_a_refused_sign_in_says_why_at_its_field_and_keeps_what_was_typed(member, fake):
    fake.script = {"connect": [ConnectError("This is no app password.", "password")]}
    response = post(member, "accounts_connect_to", "fake", data={"handle": "harbor", "password": "x"})
    form = response.context["form"]
    assert (response.status_code, form.errors) == (422, {"password": ["This is no app password."]})
    assert 'value="harbor"' in response.content.decode()
    assert not Account.objects.exists()


def test_a_field_left_empty_is_named_without_asking_the_platform(member, fake):
    response = post(member, "accounts_connect_to", "fake", data={"handle": "harbor"})
    assert (response.status_code, response.context["form"].errors) == (422, {"password": ["This is needed."]})
    assert fake.calls == []


def test_a_feed_takes_one_click(member):
    response = post(member, "accounts_connect_to", "feed", follow=True)
    assert said(response) == ["Our feed is connected."]
    assert Account.objects.get().is_connected


def test_a_platform_that_does_not_exist_is_404(member):
    assert get(member, "accounts_connect_to", "myspace").status_code == 404


def test_reconnecting_somebody_else_is_refused_by_name(member, account):
    response = post(member, "account_reconnect", account.public_id, data={"handle": "tom", "password": "x"})
    assert response.status_code == 422
    assert "That is @tom, not @harbor." in response.content.decode()


def test_after_reconnecting_the_page_offers_what_failed(member, account, workspace):
    Account.objects.update(state=State.RECONNECT)
    delivery = a_delivery(a_post(workspace, scheduled_for=NOW), account, status=Status.FAILED)
    delivery.attempts.create(number=1, marked_at=NOW, outcome="unauthorized")
    response = post(
        member, "account_reconnect", account.public_id, data={"handle": "harbor", "password": "x"}, follow=True
    )
    assert "1 post failed while the account was not connected." in response.content.decode()
    assert said(post(member, "account_publish_failed", account.public_id, follow=True)) == ["1 post goes out now."]
    delivery.refresh_from_db()
    assert delivery.status == Status.SCHEDULED


def test_a_blind_network_is_asked_what_to_do(member, account, fake):
    fake.kind = Kind.BLIND
    assert "cannot be asked" in get(member, "account", account.public_id).content.decode()
    post(member, "account_blind", account.public_id, data={"blind_choice": "sent"})
    assert Account.objects.get().blind_choice == "sent"


@pytest.mark.parametrize("name", ["account", "account_disconnect", "account_reconnect", "account_avatar"])
def test_a_stranger_gets_404(client, account, name):
    stranger = a_user()
    a_workspace(stranger)
    client.force_login(stranger)
    assert get(client, name, account.public_id).status_code == 404


@pytest.mark.parametrize("name", ["account_pause", "account_sync", "account_publish_failed"])
def test_what_changes_something_is_post_only(member, account, name):
    assert get(member, name, account.public_id).status_code == 405


def test_a_canary_in_a_sign_in_shows_nowhere(member, fake, caplog):
    canary = "canary-4f7d"
    for error in (RuntimeError(f"bad {canary}"), ConnectError("No.", "password"), KeyError(canary)):
        fake.script = {"connect": [error]}
        response = post(member, "accounts_connect_to", "fake", data={"handle": "h", "password": canary})
        # The form alone gives back what its owner typed, and nothing else does.
        assert response.content.decode().replace(f'value="{canary}"', "").count(canary) == 0
    post(member, "accounts_connect_to", "fake", data={"handle": "h", "password": canary})
    page = get(member, "account", Account.objects.get().public_id).content.decode()
    row = str(Account.objects.values().get()) + str(list(Notice.objects.values()))
    assert [canary in text for text in (page, row, caplog.text)] == [False] * 3
