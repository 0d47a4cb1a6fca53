import pytest

from scheduler_ui.domain import switches
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Installation
from tests.factories import a_workspace

pytestmark = pytest.mark.django_db


def test_switch_turns_publishing_off_and_tells_every_page():
    workspace = a_workspace()
    switches.switch_publishing(False)
    before, workspace = workspace.version, type(workspace).objects.get()
    assert (Installation.objects.get().scheduling_enabled, workspace.version) == (False, before + 1)


def test_switch_is_refused_while_the_environment_decides(settings):
    settings.SCHEDULING_ENABLED = True
    with pytest.raises(Refused):
        switches.switch_publishing(False)
    assert Installation.objects.exists() is False
