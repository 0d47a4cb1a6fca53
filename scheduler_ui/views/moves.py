"""Moving a post on the calendar: dropped on a day or an hour, by the keyboard, through "Move to…", and back again."""

from datetime import datetime

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scheduler_ui.domain import moves, wall_clock
from scheduler_ui.domain.calendars import EARLIEST, LATEST
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.moves import Moved
from scheduler_ui.domain.posts import AlreadyStarted, Refused, When
from scheduler_ui.forms.times import WhenForm
from scheduler_ui.models import Post
from scheduler_ui.views import calendar
from scheduler_ui.views.addresses import Address
from scheduler_ui.views.members import member_required
from scheduler_ui.views.toasts import toast

UNDO_SECONDS = 60  # the toast stays for 30, and longer under the pointer
FARTHEST = 20_000  # days or minutes in one step
SALT = "move"


@require_http_methods(["GET", "POST"])
@member_required
def move(request, public_id):
    """POST one of `day`, `at` (the viewer's clock), `days` or `minutes`; `here` is the calendar's own address."""
    post, form = _find(request, public_id), None
    if request.method == "GET" or "asked" in request.POST:
        form = _form(request, post)
        if not form.is_valid():
            return _dialog(request, post, form)
    try:
        when = form.when(post.timezone) if form else _asked(request, post)
        moved = moves.move(post, when, actor=request.user, now=timezone.now())
    except Refused as refusal:
        return _refused(request, post, refusal, form)
    toast(request, _sentence(moved, Clock.of(request.user)), _undo_address(moved))
    return _answer(request)


@require_POST
@member_required
def undo(request, public_id):
    post = _find(request, public_id)
    try:
        before, after = _taken_back(request.GET.get("move", ""), public_id)
        moved = moves.undo(post, before, after, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Moved back to %(time)s.") % {"time": _told(moved, Clock.of(request.user))})
    if not request.htmx:
        return redirect("calendar")
    # The message goes as a toast; the calendar that is open asks for itself.
    return HttpResponse(headers={"HX-Trigger": "app:wake"})


def _find(request: HttpRequest, public_id: str) -> Post:
    return get_object_or_404(Post, public_id=public_id, workspace=request.member.workspace, deleted_at=None)


def _form(request: HttpRequest, post: Post) -> WhenForm:
    """On the viewer's clock; a time that is missing there, or there twice, is asked about."""
    zone = str(request.user.timezone)
    at = wall_clock.to_local(post.scheduled_for, zone)[0] if post.scheduled_for else None
    typed = request.POST if request.method == "POST" else None
    initial = {"at": request.GET.get("at", at)}
    return WhenForm(typed, zone=zone, clock=request.user.clock, initial=initial, auto_id="move-%s")


def _dialog(request: HttpRequest, post: Post, form: WhenForm) -> HttpResponse:
    words = {"post": post, "form": form, "here": (request.POST or request.GET).get("here", "")}
    template = "calendar/_move.html" if request.htmx else "calendar/move.html"
    page = render(request, template, words, status=422 if form.errors else 200)
    if form.errors:
        page.headers["HX-Retarget"], page.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return page


def _asked(request: HttpRequest, post: Post) -> When:
    """The time that is asked for. Raises Refused when it cannot be read."""
    asked, viewer = request.POST, request.user
    try:
        if "days" in asked:
            return moves.by_days(post, _step(asked["days"]))
        if "minutes" in asked:
            return moves.by_minutes(post, _step(asked["minutes"]))
        if "day" in asked:
            return moves.to_day(post, _within(parse_date(asked["day"])), viewer)
        return moves.to_hour(post, _within(parse_datetime(asked.get("at", ""))), viewer)
    except (ValueError, OverflowError) as error:
        raise Refused(_("Choose a date and a time.")) from error


def _step(text: str) -> int:
    step = int(text)
    if abs(step) > FARTHEST:
        raise ValueError(text)
    return step


def _within(asked):
    """A day or a naive time that a calendar can show."""
    if asked is None or not EARLIEST.year <= asked.year <= LATEST.year or getattr(asked, "tzinfo", None):
        raise ValueError(asked)
    return asked


def _sentence(moved: Moved, clock: Clock) -> str:
    told = _("Moved to %(time)s.") % {"time": _told(moved, clock)}
    reading = wall_clock.explain(moved.after.local, moved.after.timezone, moved.after.fold, clock.face)
    return f"{told} {reading.sentence}".strip()


def _told(moved: Moved, clock: Clock) -> str:
    instant = moved.after.instant
    return f"{clock.day(instant, timezone.now())}, {clock.time(instant)}"


def _refused(request: HttpRequest, post: Post, refusal: Refused, form: WhenForm | None) -> HttpResponse:
    """The sentence with the calendar as it is (409 when the post was faster); a form that can be mended stays open."""
    has_started = isinstance(refusal, AlreadyStarted)
    if form and not has_started:
        form.add_error("at", str(refusal))
        return _dialog(request, post, form)
    messages.error(request, str(refusal))
    return _answer(request, 409 if has_started else 422)


def _answer(request: HttpRequest, status: int = 200) -> HttpResponse:
    """The calendar where the person stands, with what has been said; without htmx a plain way back."""
    address = Address.read(QueryDict(request.POST.get("here", "")))
    if not request.htmx:
        return redirect(reverse("calendar") + address.to())
    context = calendar.region(request, address) | {"oob": True}
    answer = render(request, "calendar/_region.html", context, status=status)
    answer.headers["HX-Trigger"] = "dialog:close"
    return answer


def _undo_address(moved: Moved) -> str:
    """Signed, so that nothing but what was can come back; '' when it cannot."""
    if not moved.can_undo(timezone.now()):
        return ""
    back = [moved.post.public_id, *(_packed(when) for when in (moved.before, moved.after))]
    query = QueryDict(mutable=True)
    query["move"] = signing.dumps(back, salt=SALT)
    return f"{reverse('post_move_undo', args=[moved.post.public_id])}?{query.urlencode()}"


def _packed(when: When) -> list[str]:
    return [when.local.isoformat(), when.timezone, str(when.fold)]


def _taken_back(signed: str, public_id: str) -> tuple[When, When]:
    """What a move was from and to. Raises Refused when it is too old, Http404 when it is not ours."""
    try:
        moved_id, *ends = signing.loads(signed, salt=SALT, max_age=UNDO_SECONDS)
    except signing.SignatureExpired as error:
        raise Refused(_("That was a while ago. Move it by hand.")) from error
    except signing.BadSignature as error:
        raise Http404 from error
    if moved_id != public_id:
        raise Http404
    before, after = (When(datetime.fromisoformat(local), zone, fold) for local, zone, fold in ends)
    return before, after
