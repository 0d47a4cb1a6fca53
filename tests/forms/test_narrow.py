import pytest

from scheduler_ui.forms.accounts import BlindForm
from scheduler_ui.forms.settings import LookForm, MailForm, NameForm, WorkspaceForm
from scheduler_ui.models import Account, User, Workspace
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def test_a_blind_choice_leaves_a_sign_in_that_was_renewed_meanwhile():
    account = an_account(a_workspace(), secrets="old")
    Account.objects.update(secrets="fresh", is_paused=True)
    form = BlindForm({"blind_choice": Account.Blind.SENT}, instance=account)
    form.save()
    kept = Account.objects.get()
    assert (kept.blind_choice, kept.secrets, kept.is_paused) == ("sent", "fresh", True)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (NameForm, {"name": "Ana"}),
        (MailForm, {"mail_failed": "on"}),
        (LookForm, {"week_start": "0", "clock": "24", "theme": "dark", "has_shortcuts": "on"}),
    ],
)
def test_a_persons_settings_leave_when_they_were_mailed_last(form, data):
    person = a_user()
    User.objects.update(mailed_at=NOW)
    filled = form(data, instance=person)
    assert filled.errors == {}
    filled.save()
    assert User.objects.get().mailed_at == NOW


def test_a_workspaces_settings_leave_its_version():
    workspace = a_workspace()
    Workspace.objects.update(version=7)
    data = {"name": "Harbor", "timezone": "Europe/Lisbon", "late_minutes": "5", "late_then": "skip"}
    WorkspaceForm(data, instance=workspace).save()
    kept = Workspace.objects.get()
    assert (kept.version, kept.name, str(kept.timezone), kept.late_minutes) == (7, "Harbor", "Europe/Lisbon", 5)
