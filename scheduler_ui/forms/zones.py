from django import forms
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import wall_clock, zones


class ZoneField(forms.CharField):
    """An IANA zone by name; old names are understood too. The page draws it (components/_zone.html)."""

    default_error_messages = {"unknown": _("That is not a time zone. Choose one from the list.")}

    def __init__(self, **options):
        super().__init__(**{"label": _("Time zone"), "max_length": 64} | options)

    def clean(self, value):
        name = super().clean(value)
        try:
            wall_clock.zone_of(name)
        except wall_clock.UnknownZone:
            raise forms.ValidationError(self.error_messages["unknown"], "unknown") from None
        return name


class ZoneForm(forms.Form):
    """Another zone, and what becomes of the posts timed in the old one."""

    timezone = ZoneField()
    keep = forms.ChoiceField(
        choices=[(zones.KEEP_CLOCK, _("Keep the clock time")), (zones.KEEP_INSTANT, _("Keep the instant"))],
        required=False,
        widget=forms.RadioSelect,
    )
