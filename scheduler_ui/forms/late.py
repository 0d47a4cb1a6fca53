"""The inputs of a late policy: up to how many minutes late, and what then."""

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain.lateness import MOST_MINUTES
from scheduler_ui.models import LateThen


class MinutesField(forms.IntegerField):
    def __init__(self, **options):
        attributes = {"class": "field num", "inputmode": "numeric"}
        limits = {"min_value": 0, "max_value": MOST_MINUTES, "widget": forms.NumberInput(attributes)}
        farthest = _("From 0 to 10080 minutes: a week at most.")
        words = {"invalid": _("A whole number of minutes."), "min_value": farthest, "max_value": farthest}
        super().__init__(**limits | {"error_messages": words} | options)


class LateThenField(forms.ChoiceField):
    def __init__(self, **options):
        super().__init__(**{"choices": LateThen.choices, "widget": forms.Select({"class": "field"})} | options)
