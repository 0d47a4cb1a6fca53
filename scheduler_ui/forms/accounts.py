from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.forms.narrow import NarrowForm
from scheduler_ui.models import Account
from scheduler_ui.platforms.base import ConnectField
from scheduler_ui.platforms.outcomes import ConnectError


class PlatformForm(forms.Form):
    """The inputs that a platform asks for, in its own order: for connecting, or for how it behaves."""

    def __init__(self, asked: Iterable[ConnectField], *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in asked:
            self.fields[field.name] = _form_field(field)

    def blame(self, error: ConnectError) -> None:
        """Say at the input that is to be mended what was wrong with it."""
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def typed(self) -> dict[str, str]:
        return {name: "" if value is None else str(value).strip() for name, value in self.cleaned_data.items()}


class BlindForm(NarrowForm):
    """What to do when a network that cannot be asked gave no answer."""

    class Meta:
        model = Account
        fields = ["blind_choice"]
        widgets = {"blind_choice": forms.RadioSelect}
        labels = {"blind_choice": gettext_lazy("When an answer is lost")}


class BrakeForm(NarrowForm):
    """The runaway brake of one account; nothing typed leaves it to the installation."""

    class Meta:
        model = Account
        fields = ["hourly_cap"]
        widgets = {"hourly_cap": forms.NumberInput({"class": "field num", "inputmode": "numeric", "min": "0"})}


def _form_field(field: ConnectField) -> forms.Field:
    plain = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
    common = {"label": _(field.label), "help_text": field.help and _(field.help), "required": field.is_required}
    common |= {"initial": field.initial and _(field.initial), "error_messages": {"required": _("This is needed.")}}
    if field.type == "select":
        return forms.ChoiceField(**common, choices=[(value, _(label)) for value, label in field.choices])
    if field.type == "number":
        return forms.IntegerField(**common, min_value=0, max_value=10**6)
    if field.type == "password":
        # What was typed stays in the form when something else in it is wrong.
        return forms.CharField(**common, max_length=500, widget=forms.PasswordInput(attrs=plain, render_value=True))
    widget = forms.URLInput if field.type == "url" else forms.TextInput
    return forms.CharField(**common, max_length=500, widget=widget(attrs=plain))
