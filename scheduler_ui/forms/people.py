from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain.people import Person
from scheduler_ui.forms.zones import ZoneField
from scheduler_ui.models import Role, User


class PersonForm(forms.ModelForm):
    """Somebody who comes in: by the set-up link, or by an invitation."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=500,
        # What was typed stays in the form when something else in it is wrong.
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=True),
        help_text=_("At least 8 characters; a short sentence does well."),
    )
    timezone = ZoneField(help_text=_("Times are shown and typed in it. Does your watch agree?"))

    class Meta:
        model = User
        fields = ["email", "theme", "clock", "week_start"]
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
            "theme": forms.RadioSelect,
            # What the browser's language is used to; without a script the model's own.
            "clock": forms.HiddenInput,
            "week_start": forms.HiddenInput,
        }

    def clean_password(self):
        password = self.cleaned_data["password"]
        password_validation.validate_password(password, User(email=self.cleaned_data.get("email", "")))
        return password

    def validate_unique(self):
        """Whether somebody has this e-mail already is for the domain to say, under its lock."""

    def person(self) -> Person:
        look = {name: self.cleaned_data[name] for name in ("theme", "clock", "week_start")}
        return Person(self.cleaned_data["email"], self.cleaned_data["password"], self.cleaned_data["timezone"], look)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role, label=_("Role"))
