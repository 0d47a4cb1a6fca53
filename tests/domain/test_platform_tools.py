from datetime import timedelta

import pytest

from scheduler_ui.domain import platform_tools
from tests.factories import a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def test_deadline_of_a_platform_follows_the_engine_number(settings):
    account = an_account(a_workspace(a_user()))
    settings.PUNCTUAL = settings.PUNCTUAL | {"publish_deadline": 2}
    assert platform_tools.platform_for(account).deadline == timedelta(seconds=2)
