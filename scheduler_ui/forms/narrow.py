from django import forms
from django.db.models import Model


class NarrowForm(forms.ModelForm):
    """Writes its own fields alone: what a worker or another page wrote meanwhile in the same row stays."""

    def save(self, commit: bool = True) -> Model:
        row: Model = super().save(commit=False)
        if commit:
            row.save(update_fields=self._meta.fields)
        return row
