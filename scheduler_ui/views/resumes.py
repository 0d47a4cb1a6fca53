"""Ending a pause: first what is overdue by then and a choice about it, then all of it in one go."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from scheduler_ui.domain import accounts, pauses, resuming, scenes, switches
from scheduler_ui.domain.overdue import Choice
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.resumes import ResumeForm
from scheduler_ui.models import Delivery
from scheduler_ui.views.accounts import find
from scheduler_ui.views.members import member_required
from scheduler_ui.views.owners import operator_required


@dataclass(frozen=True)
class Hold:
    """What is to end: its question, its rows, how it ends, where one comes from; `stays`: what holds them besides."""

    question: str
    button: str
    said: str
    rows: QuerySet[Delivery]
    release: Callable[[], object]
    back: str
    stays: str = ""


@require_POST
@member_required
def pause_workspace(request: HttpRequest) -> HttpResponse:
    try:
        held = pauses.pause(request.member.workspace, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        words = ngettext("%(count)s post waits until you resume.", "%(count)s posts wait until you resume.", held)
        messages.success(request, _("The workspace is paused.") + " " + words % {"count": held})
    return redirect(f"{reverse('settings')}#publishing")


@require_http_methods(["GET", "POST"])
@member_required
def resume_workspace(request: HttpRequest) -> HttpResponse:
    workspace = request.member.workspace
    hold = Hold(
        question=_("Resume %(workspace)s?") % {"workspace": workspace},
        button=_("Resume"),
        said=_("%(workspace)s publishes again.") % {"workspace": workspace},
        rows=resuming.of_workspace(workspace),
        release=partial(pauses.resume, workspace),
        back=f"{reverse('settings')}#publishing",
        stays=_switched_off(),
    )
    return _end(request, hold)


@require_http_methods(["GET", "POST"])
@member_required
def resume_account(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    paused = _("The workspace is paused as well: nothing goes out until that is resumed too.")
    hold = Hold(
        question=_("Resume %(account)s?") % {"account": account},
        button=_("Resume"),
        said=_("%(account)s publishes again.") % {"account": account},
        rows=resuming.of_account(account),
        release=partial(accounts.resume, account),
        back=reverse("account", args=[public_id]),
        stays=paused if account.workspace.is_paused else _switched_off(),
    )
    return _end(request, hold)


@require_http_methods(["GET", "POST"])
@member_required
@operator_required
def resume_everything(request: HttpRequest) -> HttpResponse:
    back = f"{reverse('settings')}#publishing"
    try:
        switches.refuse_unless_off()
    except Refused as refusal:
        # Somebody was faster: what is overdue now is no longer what the page asked about.
        messages.error(request, str(refusal))
        return _over(request, back)
    hold = Hold(
        question=_("Switch publishing on?"),
        button=_("Switch it on"),
        said=_("Publishing is on again."),
        rows=resuming.of_everything(),
        release=partial(switches.switch_publishing, True),
        back=back,
    )
    return _end(request, hold)


def form_for(request: HttpRequest) -> ResumeForm:
    """The choice about what is overdue, on the reader's clock."""
    zone, clock = str(request.user.timezone), request.user.clock
    typed = request.POST if request.method == "POST" else None
    return ResumeForm(typed, zone=zone, clock=clock, now=timezone.now())


def _end(request: HttpRequest, hold: Hold) -> HttpResponse:
    form, preview = form_for(request), resuming.preview(hold.rows, timezone.now())
    has_changed = False
    if request.method == "POST" and form.is_valid():
        has_changed = form.is_about_others(preview.overdue)
        if not has_changed:
            return _carry_out(request, hold, form)
    template = "resumes/_confirm.html" if request.htmx else "resumes/confirm.html"
    words = {"hold": hold, "preview": preview, "form": form, "has_changed": has_changed}
    return render(request, template, words, status=422 if form.errors else 409 if has_changed else 200)


def _carry_out(request: HttpRequest, hold: Hold, form: ResumeForm) -> HttpResponse:
    decision = form.decision()
    try:
        done = resuming.carry_out(hold.rows, decision, hold.release, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{hold.said} {_told(decision.choice, done)}".strip())
    return _over(request, hold.back)


def _over(request: HttpRequest, back: str) -> HttpResponse:
    """The page underneath stays where it is, and is drawn anew: its banner, its cards, what was said."""
    return HttpResponse(headers={"HX-Refresh": "true"}) if request.htmx else redirect(back)


def _told(choice: str, count: int) -> str:
    if choice == Choice.POLICY:
        return ""
    said = {
        Choice.PUBLISH: ngettext("%d goes out now.", "%d go out now.", count),
        Choice.RESCHEDULE: ngettext("%d has a new time.", "%d have new times.", count),
        Choice.DROP: ngettext("%d is dropped.", "%d are dropped.", count),
    }
    return said[Choice(choice)] % count


def _switched_off() -> str:
    if scenes.machine().is_on:
        return ""
    return _("Publishing is switched off for everything: nothing goes out until that is switched on.")
