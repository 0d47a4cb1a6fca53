from datetime import datetime

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduler_ui.domain import wall_clock
from scheduler_ui.domain.bulk import Shift
from scheduler_ui.domain.calendars import EARLIEST, LATEST
from scheduler_ui.domain.posts import When
from scheduler_ui.domain.wall_clock import Kind, Reading
from scheduler_ui.models import Post

PICKER = {"type": "datetime-local", "step": "60", "class": "field"}


class LocalTimeField(forms.DateTimeField):
    """A naive wall-clock time: Django's own field would read it in the server's zone, and refuse gaps."""

    def __init__(self, **options):
        super().__init__(**{"widget": forms.DateTimeInput(PICKER, format="%Y-%m-%dT%H:%M")} | options)

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            local = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise forms.ValidationError(_("Choose a date and a time."), code="invalid") from error
        return local.replace(tzinfo=None, microsecond=0)

    def prepare_value(self, value):
        return value


class WhenForm(forms.Form):
    """A new time on the viewer's clock; one that does not exist, or exists twice, is explained and asked about."""

    at = LocalTimeField(label=gettext_lazy("Day and time"))
    fold = forms.ChoiceField(choices=Post.Fold, required=False)

    def __init__(self, *args, zone: str, clock: str = "24", **kwargs):
        super().__init__(*args, **kwargs)
        self.zone, self.clock = zone, clock
        self.reading: Reading | None = None

    def clean_at(self) -> datetime | None:
        """Within what a calendar can show."""
        at: datetime | None = self.cleaned_data["at"]
        if at and not EARLIEST.year <= at.year <= LATEST.year:
            raise forms.ValidationError(_("Choose a date and a time."))
        return at

    def clean(self):
        cleaned = super().clean()
        local = cleaned.get("at")
        if local is None:
            return cleaned
        fold = cleaned.get("fold") or Post.Fold.COMPATIBLE
        try:
            self.reading = wall_clock.explain(local, self.zone, fold, self.clock)
        except ValueError as error:
            raise forms.ValidationError({"at": _("Choose a date and a time.")}) from error
        if self.reading.kind != Kind.PLAIN and not cleaned.get("fold"):
            self.add_error("at", self.reading.sentence)
        return cleaned

    def when(self, zone: str) -> When:
        """The chosen instant on the clock of another zone: a post keeps its own."""
        return When.at(self.reading.instant, zone)


class ShiftForm(WhenForm):
    """New times for many: by so much, or all to one."""

    HOW = [("shift", gettext_lazy("Move each by")), ("to", gettext_lazy("All to one time"))]
    UNITS = [("days", gettext_lazy("days")), ("hours", gettext_lazy("hours")), ("minutes", gettext_lazy("minutes"))]
    WAYS = [("later", gettext_lazy("later")), ("earlier", gettext_lazy("earlier"))]

    how = forms.ChoiceField(choices=HOW, initial="shift")
    amount = forms.IntegerField(
        min_value=1, max_value=10_000, initial=1, required=False, label=gettext_lazy("How much")
    )
    unit = forms.ChoiceField(choices=UNITS, initial="days", required=False, label=gettext_lazy("Unit"))
    way = forms.ChoiceField(choices=WAYS, initial="later", required=False, label=gettext_lazy("Direction"))
    at = LocalTimeField(label=gettext_lazy("Day and time"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs |= {"class": "field num", "inputmode": "numeric"}
        for name in ("unit", "way"):
            self.fields[name].widget.attrs["class"] = "field"

    def clean(self):
        how = self.cleaned_data.get("how")
        if how == "shift":
            self.cleaned_data["at"] = None
            if not self.cleaned_data.get("amount") and "amount" not in self.errors:
                self.add_error("amount", _("Say by how much."))
        elif not self.cleaned_data.get("at") and "at" not in self.errors:
            self.add_error("at", _("Choose a date and a time."))
        return super().clean()

    def shift(self) -> Shift:
        cleaned = self.cleaned_data
        if cleaned["how"] == "to":
            return Shift(to=self.reading.instant)
        amount = cleaned["amount"] if cleaned["way"] != "earlier" else -cleaned["amount"]
        if cleaned["unit"] == "hours":
            return Shift(minutes=60 * amount)
        return Shift(minutes=amount) if cleaned["unit"] == "minutes" else Shift(days=amount)


class ThereForm(forms.Form):
    """Where somebody saw it, if they say, and which of the listed ones it is."""

    remote_id = forms.CharField(required=False, max_length=300)

    url = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        error_messages={
            "invalid": gettext_lazy("That is no web address. Paste the link to the post, or leave it out.")
        },
    )
