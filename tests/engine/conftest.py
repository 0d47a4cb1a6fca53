from datetime import timedelta

import pytest

from scheduler_ui.engine import clock, switch
from scheduler_ui.engine.seats import seats
from scheduler_ui.models import Delivery
from tests.factories import a_post, a_user, a_workspace, an_account


@pytest.fixture(autouse=True)
def quick_numbers(settings):
    """Waiting for a look-up is waiting for nothing here."""
    settings.PUNCTUAL = settings.PUNCTUAL | {"lookup_delays": (0, 0.01, 0.03)}
    switch.forget()
    seats.forget()


@pytest.fixture
def account(db, fake):
    return an_account(a_workspace(a_user()), platform="fake")


@pytest.fixture
def due(account):
    """A delivery whose second has just come."""
    post = a_post(account.workspace, account, scheduled_for=clock.now() - timedelta(milliseconds=5))
    return Delivery.objects.get(post=post)


@pytest.fixture
def again():
    """The row as it is in the database now."""
    return lambda delivery: Delivery.objects.select_related("account", "post", "workspace").get(pk=delivery.pk)
