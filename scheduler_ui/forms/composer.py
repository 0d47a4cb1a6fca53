"""The composer's inputs, read leniently: what cannot be used is said beside its field, and everything else is kept."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import composing, wall_clock
from scheduler_ui.domain.composing import Filled
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.sheets import Typed
from scheduler_ui.forms.late import LateThenField, MinutesField
from scheduler_ui.models import Account, LateThen, Media, Membership, Post

NOW, AT = "now", "at"
OWN = "own"
MOST_SIGNS = 100_000
MOST_MEDIA = 50
MOST_ALT = 2000


class ComposerForm(forms.Form):
    """Bound only: a form that is not sent yet is laid out from a post, or from nothing."""

    client_key = forms.CharField(required=False, max_length=64)
    seen = forms.CharField(required=False, max_length=40)
    text = forms.CharField(required=False, strip=False, max_length=MOST_SIGNS)
    mode = forms.ChoiceField(choices=[(NOW, NOW), (AT, AT)], required=False)
    local_time = forms.CharField(required=False, max_length=32)
    timezone = forms.CharField(required=False, max_length=64)
    fold = forms.ChoiceField(choices=Post.Fold.choices, required=False)
    late = forms.CharField(required=False, max_length=20)
    late_minutes = MinutesField(required=False)
    late_then = LateThenField(required=False)

    def __init__(self, data, *, member: Membership, post: Post | None = None):
        super().__init__(data)
        self.member, self.post = member, post

    def clean_text(self) -> str:
        return one_kind_of_line(self.cleaned_data["text"])

    def clean_timezone(self) -> str:
        """The zone that stood beside the input, which is the person's unless it was changed meanwhile."""
        zone = self.cleaned_data["timezone"] or str(self.member.user.timezone)
        try:
            wall_clock.zone_of(zone)
        except wall_clock.UnknownZone as error:
            raise forms.ValidationError(_("This time zone is not known.")) from error
        return zone

    def clean(self) -> None:
        self.cleaned_data["when"] = self._when()
        if self._has_own_policy and self.cleaned_data.get("late_minutes", 0) is None:
            self.add_error("late_minutes", _("Say how many minutes: 0 means never late."))

    @property
    def typed(self) -> Typed:
        zone = self.cleaned_data.get("timezone", str(self.member.user.timezone))
        is_now = self.cleaned_data.get("mode") == NOW
        when, minutes = self.cleaned_data.get("when"), self.data.get("late_minutes", "")
        return Typed(is_now, self.data.get("local_time", ""), zone, when, minutes)

    @property
    def filled(self) -> Filled:
        return Filled(
            post=self.post,
            workspace=self.member.workspace,
            person=self.member.user,
            composed=self._composed(),
            client_key=self.cleaned_data.get("client_key", ""),
            seen=self.cleaned_data.get("seen", ""),
        )

    @property
    def sentences(self) -> dict[str, list[str]]:
        """What is wrong with single inputs, under the names that the page has for them."""
        shown = {"local_time": "when", "timezone": "when", "fold": "when", "text": "text"}
        shown |= {"late": "late", "late_minutes": "late", "late_then": "late"}
        return {shown.get(name, ""): [str(one) for one in errors] for name, errors in self.errors.items()}

    def _when(self) -> When | None:
        typed = self.cleaned_data.get("local_time", "")
        if not typed or "timezone" not in self.cleaned_data:
            return None
        try:
            local = datetime.fromisoformat(typed)
            when = When(local, self.cleaned_data["timezone"], self.cleaned_data.get("fold") or Post.Fold.COMPATIBLE)
            _ = when.instant
        except ValueError:
            self.add_error("local_time", wrong_time())
            return None
        return when

    @property
    def _has_own_policy(self) -> bool:
        return self.cleaned_data.get("late") == OWN

    def _late(self) -> Policy | None:
        if not self._has_own_policy:
            return None
        minutes, workspace = self.cleaned_data.get("late_minutes"), self.member.workspace
        then = self.cleaned_data.get("late_then") or LateThen.ASK
        return Policy(workspace.late_minutes if minutes is None else minutes, then)

    def _composed(self) -> Composed:
        accounts = self._accounts()
        return Composed(
            text=self.cleaned_data.get("text", one_kind_of_line(self.data.get("text", ""))[:MOST_SIGNS]),
            accounts=accounts,
            own_texts=self._own_texts(),
            media=self._media(),
            when=composing.in_posts_zone(self.post, self.cleaned_data.get("when")),
            late=self._late(),
        )

    def _accounts(self) -> list[Account]:
        wanted = self.data.getlist("accounts")
        return list(self.member.workspace.accounts.filter(public_id__in=wanted).order_by("pk"))

    def _own_texts(self) -> dict[int, str]:
        wanted = self.data.getlist("own")
        rows = self.member.workspace.accounts.filter(public_id__in=wanted)
        return {row.pk: one_kind_of_line(self.data.get(f"own_{row.public_id}", ""))[:MOST_SIGNS] for row in rows}

    def _media(self) -> list[tuple[Media, str]]:
        """In the order of the page; what is gone or belongs to others is left out."""
        wanted = list(dict.fromkeys(self.data.getlist("media")))[:MOST_MEDIA]
        rows = {row.public_id: row for row in self.member.workspace.media.filter(public_id__in=wanted)}
        return [(rows[name], self._alt(name)) for name in wanted if name in rows]

    def _alt(self, name: str) -> str:
        return " ".join(self.data.get(f"alt_{name}", "").split())[:MOST_ALT]


def one_kind_of_line(text: str) -> str:
    """Browsers send two signs for every new line, which no platform counts and nobody typed."""
    return text.replace("\r\n", "\n").replace("\0", "")


def wrong_time() -> forms.ValidationError:
    return forms.ValidationError(_("This is no date and time that can be used."))
