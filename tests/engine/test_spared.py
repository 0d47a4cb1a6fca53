"""An offer does not wait for the disk; a claim always does."""

from datetime import timedelta

import pytest
from django.db import connection

from scheduler_ui.engine import clock, offers
from scheduler_ui.engine.spared import spared
from tests.factories import a_post

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WHOLE, SPARED = {"sqlite": (2, 1), "postgresql": ("on", "off")}[connection.vendor]


def durability():
    with connection.cursor() as cursor:
        cursor.execute(QUESTION[connection.vendor])
        return cursor.fetchone()[0]


def test_commits_within_do_not_wait_and_those_after_it_do():
    with spared():
        assert durability() == SPARED
    assert durability() == WHOLE


def test_commits_wait_again_after_an_error():
    with pytest.raises(ZeroDivisionError), spared():
        raise ZeroDivisionError
    assert durability() == WHOLE


@pytest.mark.parametrize("seconds", [10, -1, -600])
def test_offering_leaves_the_connection_as_careful_as_it_was(account, seconds):
    a_post(account.workspace, account, scheduled_for=clock.now() + timedelta(seconds=seconds))
    seen = []
    assert offers.offer_due(clock.now(), lambda _offered: seen.append(durability())) == 1
    assert (seen, durability()) == ([WHOLE], WHOLE)
