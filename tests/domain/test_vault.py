import pytest
from cryptography.fernet import Fernet

from scheduler_ui.domain import vault

SECRETS = {"password": "canary-5d1c", "jwt": "a.b.c"}


def test_open_gives_what_was_sealed():
    assert vault.open("row-1", vault.seal("row-1", SECRETS)) == SECRETS


def test_sealed_text_shows_nothing():
    assert "canary" not in vault.seal("row-1", SECRETS)


def test_nothing_to_seal_stays_empty():
    assert (vault.seal("row-1", {}), vault.open("row-1", "")) == ("", {})


def test_secrets_moved_to_another_row_are_refused():
    with pytest.raises(vault.Tampered, match="belong to another row"):
        vault.open("row-2", vault.seal("row-1", SECRETS))


def test_changed_text_is_refused_without_showing_it():
    sealed = vault.seal("row-1", SECRETS)
    with pytest.raises(vault.Tampered) as caught:
        vault.open("row-1", sealed[:-4] + "AAA=")
    assert str(caught.value) == "The secrets of row-1 cannot be read."
    assert caught.value.__cause__ is None


def test_rotate_makes_the_old_key_needless(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [old]
    sealed = vault.seal("row-1", SECRETS)
    settings.TOKEN_KEYS = [new, old]
    rotated = vault.rotate("row-1", sealed)
    settings.TOKEN_KEYS = [new]
    assert vault.open("row-1", rotated) == SECRETS
    with pytest.raises(vault.Tampered):
        vault.open("row-1", sealed)
