from django import forms
from django.utils.translation import gettext_lazy as _

from scheduler_ui.forms.late import LateThenField, MinutesField
from scheduler_ui.forms.narrow import NarrowForm
from scheduler_ui.forms.zones import ZoneField
from scheduler_ui.models import User, Workspace


class NameForm(NarrowForm):
    class Meta:
        model = User
        fields = ["name"]
        labels = {"name": _("Your name")}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class LookForm(NarrowForm):
    """How pages look to one person; saved as they choose."""

    class Meta:
        model = User
        fields = ["week_start", "clock", "theme", "has_shortcuts"]
        widgets = {"week_start": forms.RadioSelect, "clock": forms.RadioSelect, "theme": forms.RadioSelect}


class MailForm(NarrowForm):
    class Meta:
        model = User
        fields = ["mail_failed", "mail_asked", "mail_account", "mail_worker"]


class WorkspaceForm(NarrowForm):
    timezone = ZoneField(
        label=_("Its time zone"), help_text=_("When its daily work is done, such as syncing at 02:00.")
    )
    late_minutes = MinutesField(label=_("Publish up to this many minutes late"))
    late_then = LateThenField(label=_("What is later than that"))

    class Meta:
        model = Workspace
        fields = ["name", "timezone", "late_minutes", "late_then"]
        labels = {"name": _("Name")}
