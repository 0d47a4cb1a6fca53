"""What becomes of a composer that was sent: saved and said, or refused with the reason beside its field."""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from scheduler_ui.domain import composing, media
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.composing import AlreadySent, Changed, Errors, Filled, Unready
from scheduler_ui.domain.limits import TooFast
from scheduler_ui.domain.refusals import AlreadyStarted, Refused
from scheduler_ui.domain.sheets import Typed
from scheduler_ui.models import Post
from scheduler_ui.views import blanks

DRAFT = "draft"
STATUS = {
    TooFast: HTTPStatus.TOO_MANY_REQUESTS,
    Changed: HTTPStatus.CONFLICT,
    AlreadySent: HTTPStatus.CONFLICT,
    AlreadyStarted: HTTPStatus.CONFLICT,
}


@dataclass(frozen=True)
class Done:
    """What to say, and where to go."""

    sentence: str
    url: str


def save(do: str, filled: Filled, typed: Typed, now: datetime) -> Done:
    """Do what the pressed button says. Raises Refused in all its kinds."""
    if do == DRAFT:
        composing.keep(filled, now)
        return Done(_("Saved as a draft."), reverse("calendar"))
    post = composing.send(filled, now, is_now=typed.is_now)
    if typed.is_now:
        return Done(_("It is going out now."), reverse("post", args=[post.public_id]))
    clock = Clock.of(filled.person)
    assert post.scheduled_for is not None
    sentence = _("It goes out %(moment)s.") % {"moment": clock.moment(post.scheduled_for, now)}
    return Done(sentence, _calendar_at(post, clock, now))


def with_files(request: HttpRequest, filled: Filled) -> tuple[Filled, Errors]:
    """Take in files that came inside the form, as they do where no script runs."""
    errors = [
        _("%(name)s is larger than any file may be.") % {"name": name} for name in getattr(request, "dropped_files", ())
    ]
    taken = []
    for file in request.FILES.getlist("files"):
        try:
            taken.append((media.store(filled.workspace, filled.person, file.name, file), ""))
        except Refused as refused:
            errors.append(f"{file.name}: {refused}")
    composed = replace(filled.composed, media=[*filled.composed.media, *taken])
    return replace(filled, composed=composed), {"media": errors} if errors else {}


def told(refused: Refused) -> Errors:
    return refused.errors if isinstance(refused, Unready) else {refused.field: [str(refused)]}


def status_of(refused: Refused) -> int:
    return STATUS.get(type(refused), HTTPStatus.UNPROCESSABLE_ENTITY)


def renamed(filled: Filled, refused: Refused) -> Filled:
    """The form under a name that lets it be sent once more, now that its person has been told what that does."""
    if isinstance(refused, AlreadySent):
        return replace(filled, client_key=blanks.new_key(), seen="")
    if isinstance(refused, Changed):
        return replace(filled, seen=refused.seen)
    return filled


def _calendar_at(post: Post, clock: Clock, now: datetime) -> str:
    """The calendar where the post stands, which is the calendar as it is while that is in this month."""
    day, today = clock.date(post.scheduled_for), clock.date(now)
    is_here = (day.year, day.month) == (today.year, today.month)
    return reverse("calendar") + ("" if is_here else f"?date={day.isoformat()}")
