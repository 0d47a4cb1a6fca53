"""Connecting an account for the first time, or again."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from scheduler_ui.domain import connections, networks, resuming
from scheduler_ui.domain.connections import Asked, Done
from scheduler_ui.domain.networks import Network
from scheduler_ui.domain.overdue import AS_THE_POLICY, Decision
from scheduler_ui.forms.accounts import PlatformForm
from scheduler_ui.forms.resumes import ResumeForm
from scheduler_ui.models import Account
from scheduler_ui.views.accounts import find
from scheduler_ui.views.members import member_required
from scheduler_ui.views.resumes import form_for


@require_GET
@member_required
def pick(request: HttpRequest) -> HttpResponse:
    return _page(request)


@never_cache  # what was typed stays in the form, and nowhere else
@require_http_methods(["GET", "POST"])
@member_required
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """A platform's form; what is typed is verified at once, and stays when it is refused."""
    network = _network(slug)
    if request.method == "GET":
        return _page(request, network, PlatformForm(network.fields))
    form = PlatformForm(network.fields, request.POST)
    done = _try(request, form, partial(connections.connect, request.member.workspace), slug)
    return _page(request, network, form) if done is None else _answer(request, done)


@never_cache  # what was typed stays in the form, and nowhere else
@require_http_methods(["GET", "POST"])
@member_required
def reconnect(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    fields = _network(account.platform).fields
    if request.method == "GET":
        return _reconnect_page(request, account, PlatformForm(fields, initial=_known(account)))
    form, late = PlatformForm(fields, request.POST), form_for(request)
    if not late.is_valid():
        return _reconnect_page(request, account, form, late)
    done = _try(request, form, partial(connections.reconnect, account), account.platform, late.decision())
    return _reconnect_page(request, account, form, late) if done is None else _answer(request, done)


def _try(
    request: HttpRequest, form: PlatformForm, act: Callable, slug: str, overdue: Decision = AS_THE_POLICY
) -> Done | None:
    if not form.is_valid():
        return None
    try:
        return act(Asked(slug, form.typed(), request.user, overdue), timezone.now())
    except connections.ConnectError as error:
        form.blame(error)
        return None


def _answer(request: HttpRequest, done: Done) -> HttpResponse:
    if done.show_once:
        # Shown in this very answer: a message would be stored, and what is stored can be read again.
        words = {"account": done.account, "label": done.show_once[0], "value": done.show_once[1]}
        answer = render(request, "accounts/show_once.html", words)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    messages.success(request, _("%(account)s is connected.") % {"account": done.account})
    # From the first steps one comes back to the second of them.
    return redirect("calendar") if "first" in request.POST else redirect("account", done.account.public_id)


def _reconnect_page(
    request: HttpRequest, account: Account, form: PlatformForm, late: ResumeForm | None = None
) -> HttpResponse:
    """`late`: what becomes of posts that are overdue by now."""
    late = late or form_for(request)
    words = {"account": account, "network": _network(account.platform), "form": form, "late": late}
    words["preview"] = resuming.preview(resuming.of_lost(account), timezone.now())
    return render(request, "accounts/reconnect.html", words, status=422 if form.errors or late.errors else 200)


def _page(request: HttpRequest, network: Network | None = None, form: PlatformForm | None = None) -> HttpResponse:
    words = {"networks": networks.known(), "network": network, "form": form}
    return render(request, "accounts/connect.html", words, status=422 if form and form.errors else 200)


def _network(slug: str) -> Network:
    found = networks.find(slug)
    if found is None:
        raise Http404
    return found


def _known(account: Account) -> dict[str, str]:
    """What need not be typed again: nothing of it is secret."""
    return {"handle": account.handle} | {name: value for name, value in account.settings.items() if value}
