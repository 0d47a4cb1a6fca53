from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.overdue import Choice, Decision
from scheduler_ui.forms.times import LocalTimeField, WhenForm

QUARTER = timedelta(minutes=15)
GAP = gettext_lazy("A whole number of minutes, from 1 to 1440.")


class ResumeForm(WhenForm):
    """What to do with what is overdue when a hold ends; a form without an answer leaves it to the late policy."""

    choice = forms.ChoiceField(choices=Choice.choices, initial=Choice.POLICY, required=False)
    at = LocalTimeField(label=gettext_lazy("The first one"), required=False)
    gap = forms.IntegerField(
        min_value=1,
        max_value=1440,
        initial=10,
        required=False,
        label=gettext_lazy("Minutes from one to the next"),
        error_messages={name: GAP for name in ("invalid", "min_value", "max_value")},
        widget=forms.NumberInput({"class": "field num", "inputmode": "numeric"}),
    )

    seen = forms.IntegerField(required=False)

    def __init__(self, *args, now: datetime, **kwargs):
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial.setdefault("at", _next_quarter(wall_clock.to_local(now, self.zone)[0]))

    def clean(self):
        if self.cleaned_data.get("choice") != Choice.RESCHEDULE:
            for name in ("at", "gap"):
                self.cleaned_data[name] = None
                self.errors.pop(name, None)
            return super().clean()
        for name, sentence in (("at", _("Choose a date and a time.")), ("gap", _("Say how many minutes."))):
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        cleaned = super().clean()
        if self.reading is not None and "at" not in self.errors and self.reading.instant < self.now:
            self.add_error("at", _("That time has passed. Choose a later one."))
        return cleaned

    def is_about_others(self, overdue: int) -> bool:
        """What shall become of "all of them" was chosen for as many as the page had named."""
        is_for_all = self.cleaned_data["choice"] not in {"", Choice.POLICY}
        return is_for_all and self.cleaned_data.get("seen") not in {None, overdue}

    def decision(self) -> Decision:
        choice = self.cleaned_data["choice"] or Choice.POLICY
        if choice != Choice.RESCHEDULE:
            return Decision(choice)
        return Decision(choice, self.reading.instant, timedelta(minutes=self.cleaned_data["gap"]))


def _next_quarter(local: datetime) -> datetime:
    """The next full quarter of an hour that leaves time to look at the page."""
    soon = local.replace(second=0, microsecond=0) + timedelta(minutes=5)
    return soon + (QUARTER - timedelta(minutes=soon.minute % 15)) % QUARTER
