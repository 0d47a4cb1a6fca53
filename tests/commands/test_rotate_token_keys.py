import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from scheduler_ui.domain import vault
from scheduler_ui.models import Account
from tests.factories import a_workspace, an_account

CANARY = "canary-0b1e"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
pytestmark = pytest.mark.django_db


@pytest.fixture
def accounts(settings):
    settings.TOKEN_KEYS = [OLD]
    workspace = a_workspace()
    found = [an_account(workspace) for _ in range(3)]
    for account in found[:2]:
        account.secrets = vault.seal(account.public_id, {"password": CANARY})
        account.save()
    settings.TOKEN_KEYS = [NEW, OLD]
    return found


def opened():
    return [vault.open(account.public_id, account.secrets) for account in Account.objects.order_by("pk")]


def test_rotate_reseals_every_account(accounts, settings, capsys):
    call_command("rotate_token_keys")
    settings.TOKEN_KEYS = [NEW]
    assert opened() == [{"password": CANARY}, {"password": CANARY}, {}]
    assert capsys.readouterr().out == "Sealed anew: 2.\n"


def test_rotate_names_what_it_cannot_read_and_does_the_rest(accounts, settings, capsys):
    moved, fine = accounts[:2]
    Account.objects.filter(pk=moved.pk).update(secrets=fine.secrets)
    with pytest.raises(CommandError, match=moved.public_id):
        call_command("rotate_token_keys")
    settings.TOKEN_KEYS = [NEW]
    fine.refresh_from_db()
    assert vault.open(fine.public_id, fine.secrets) == {"password": CANARY}
    assert capsys.readouterr().out == "Sealed anew: 1.\n"


def test_rotate_follows_a_worker_that_renews_meanwhile(accounts, monkeypatch):
    rotate, renewed = vault.rotate, []

    def slowly(public_id, sealed):
        if not renewed:
            renewed.append(public_id)
            fresh = vault.seal(public_id, {"password": "renewed"})
            Account.objects.filter(public_id=public_id).update(secrets=fresh)
        return rotate(public_id, sealed)

    monkeypatch.setattr(vault, "rotate", slowly)
    call_command("rotate_token_keys")
    assert opened()[0] == {"password": "renewed"}


def test_a_dump_of_the_database_holds_no_token(accounts):
    dump = ""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            dump += str(cursor.fetchall())
    assert accounts[0].public_id in dump
    assert CANARY not in dump
