"""A secret that goes through every failing path, and is then looked for everywhere."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from scheduler_ui.domain import sync, vault
from scheduler_ui.engine import clock, deliver
from scheduler_ui.models import Account, Delivery
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import Expired, Rejected, Unauthorized, Unavailable, Unconfirmed
from tests.factories import a_post, a_user, a_workspace, an_account
from tests.fakes import FakePlatform

CANARY = "canary-8d2f61"
# What a mistake in a platform's code raises may quote anything.
MISHAPS = [
    RuntimeError(CANARY),
    KeyError(CANARY),
    ValueError(f"Illegal header value b'Bearer {CANARY}'"),
    UnicodeEncodeError("ascii", CANARY, 0, 1, CANARY),
    OSError(5, CANARY),
]
ANSWERS = [Rejected("No."), Unauthorized("No."), Unavailable("No."), Unconfirmed("No.")]
pytestmark = pytest.mark.django_db


@pytest.fixture
def fake(monkeypatch):
    FakePlatform.reset(Kind.LOOKUP)
    monkeypatch.setitem(registry.PLATFORMS, "fake", FakePlatform)
    return FakePlatform


@pytest.fixture
def account(fake):
    account = an_account(a_workspace(a_user()), platform="fake")
    account.secrets = vault.seal(account.public_id, {"token": CANARY})
    account.save()
    return account


@pytest.fixture
def nowhere(client, account, caplog, capfd):
    """Look for the canary in the pages, the rows, the log and what was printed."""

    def look():
        client.force_login(account.workspace.memberships.get().user)
        urls = [reverse("accounts"), reverse("notices"), reverse("account", args=[account.public_id])]
        urls += [reverse("post", args=[delivery.post.public_id]) for delivery in Delivery.objects.all()]
        pages = "".join(client.get(url).content.decode() for url in urls)
        printed = "".join(capfd.readouterr())
        assert [CANARY in text for text in (pages, rows(), caplog.text, printed, repr(account))] == [False] * 5

    return look


def rows():
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        return "".join(str(cursor.execute(f'SELECT * FROM "{table}"').fetchall()) for table in tables)


def send(account):
    at = clock.now() - timedelta(milliseconds=5)
    post = a_post(account.workspace, account, scheduled_for=at)
    deliver.deliver(Delivery.objects.get(post=post).pk)


@pytest.mark.parametrize("error", [*MISHAPS, *ANSWERS], ids=lambda error: type(error).__name__)
def test_sending(account, fake, nowhere, error):
    fake.script = {"publish": [error]}
    send(account)
    nowhere()


@pytest.mark.parametrize("error", MISHAPS, ids=lambda error: type(error).__name__)
def test_preparing(account, fake, nowhere, error):
    fake.script = {"prepare": [error]}
    send(account)
    nowhere()


@pytest.mark.parametrize("error", MISHAPS, ids=lambda error: type(error).__name__)
def test_looking_up(account, fake, nowhere, error):
    fake.script = {"publish": [Unconfirmed("lost")], "find": [error]}
    send(account)
    Delivery.objects.update(due_at=clock.now())
    deliver.deliver(Delivery.objects.get().pk)
    nowhere()


@pytest.mark.parametrize("error", MISHAPS, ids=lambda error: type(error).__name__)
def test_renewing(account, fake, nowhere, error):
    fake.script = {"publish": [Expired("expired")], "refresh": [error]}
    send(account)
    nowhere()


@pytest.mark.parametrize("error", [*MISHAPS, *ANSWERS], ids=lambda error: type(error).__name__)
def test_reading_back(account, fake, nowhere, error):
    fake.script = {"profile": [error]}
    with time_machine.travel(clock.now(), tick=False):
        assert not sync.sync_account(account, clock.now())
    nowhere()


@pytest.mark.parametrize("error", MISHAPS, ids=lambda error: type(error).__name__)
def test_connecting(account, fake, nowhere, client, error):
    client.force_login(account.workspace.memberships.get().user)
    fake.script = {"connect": [error]}
    typed = {"handle": "harbor", "password": CANARY}
    response = client.post(reverse("accounts_connect_to", args=["fake"]), typed)
    # The form gives back what its owner typed, and nothing else does.
    assert CANARY not in response.content.decode().replace(f'value="{CANARY}"', "")
    nowhere()


def test_secrets_that_cannot_be_opened(account, nowhere):
    Account.objects.update(secrets=vault.seal("another-row", {"token": CANARY}))
    account.refresh_from_db()
    send(account)
    assert Delivery.objects.get().error == "Its stored sign-in cannot be read any more."
    nowhere()
