import pytest
from django.db import connection, transaction

from scheduler_ui.engine import loans


@pytest.fixture
def scarce(transactional_db, monkeypatch):
    monkeypatch.setattr(loans, "_are_scarce", lambda: True)
    connection.ensure_connection()


def test_connection_is_given_back_while_a_thread_waits(scarce):
    loans.give_back()
    assert connection.connection is None
    with connection.cursor() as cursor:
        assert cursor.execute("SELECT 1") is not None


def test_connection_is_kept_in_a_transaction(scarce):
    with transaction.atomic():
        loans.give_back()
        assert connection.connection is not None


@pytest.mark.parametrize(("threads", "expected"), [(16, False), (64, True)])
def test_connections_are_scarce_when_there_are_more_threads(db, settings, threads, expected):
    settings.PUNCTUAL = settings.PUNCTUAL | {"threads": threads}
    loans._are_scarce.cache_clear()
    assert loans._are_scarce() is (expected and connection.vendor == "postgresql")
    loans._are_scarce.cache_clear()
