"""Who looks, and at what: a signed-in person with a workspace of their own, and its first account."""

import pytest
import time_machine

from tests.factories import NOW, a_user, a_workspace, an_account


@pytest.fixture
def clock():
    """The clock of the whole test stands at NOW; `clock.shift(...)` moves it."""
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace):
    return an_account(workspace, name="Harbor Coffee")


@pytest.fixture
def member(client, person, workspace):
    """The browser of `person`, signed in."""
    client.force_login(person)
    return client
