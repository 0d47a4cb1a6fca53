"""allauth's forms in our words: labels above the fields instead of placeholders in them."""

from allauth.account import forms as allauth
from django.utils.translation import gettext_lazy as _


class Plain:
    """Takes the placeholders out; what `labels` names is renamed."""

    labels: dict[str, str] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)


class SignInForm(Plain, allauth.LoginForm):
    labels = {"login": _("E-mail")}


class ResetPasswordForm(Plain, allauth.ResetPasswordForm):
    labels = {"email": _("E-mail")}


class NewPasswordForm(Plain, allauth.ResetPasswordKeyForm):
    labels = {"password1": _("New password"), "password2": _("New password, once more")}


class ChangePasswordForm(Plain, allauth.ChangePasswordForm):
    labels = {
        "oldpassword": _("Present password"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }
