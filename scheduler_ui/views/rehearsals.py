"""The rehearsal network from the other side: how it behaves, and what arrived there and when."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.domain import connections, pages, platform_tools, rehearsals
from scheduler_ui.domain.pages import Place
from scheduler_ui.forms.accounts import PlatformForm
from scheduler_ui.models import Account
from scheduler_ui.views import boards
from scheduler_ui.views.accounts import find
from scheduler_ui.views.members import member_required


@boards.quiet
@require_GET
@member_required
def log(request: HttpRequest, public_id: str) -> HttpResponse:
    account = _find(request, public_id)
    words = _words(request, account)
    if words["poll"].is_asking:
        return render(request, "rehearsals/_log.html", words)
    form = PlatformForm(rehearsals.FIELDS, initial=_present(account))
    return render(request, "rehearsals/page.html", words | {"form": form})


@require_POST
@member_required
def configure(request: HttpRequest, public_id: str) -> HttpResponse:
    account = _find(request, public_id)
    form = PlatformForm(rehearsals.FIELDS, request.POST)
    if not form.is_valid() or not _try(account, form):
        return render(request, "rehearsals/page.html", _words(request, account) | {"form": form}, status=422)
    messages.success(request, _("From the next post on, %(account)s does so.") % {"account": account})
    return redirect("rehearsal", public_id)


def _words(request: HttpRequest, account: Account) -> dict:
    place = Place.beside(account.arrivals.all(), pages.ends(request.GET), Place(("at", "pk")), "pk")
    page = pages.read(account.arrivals.all(), place, name="pk")
    return {"poll": boards.poll(request), "account": account, "page": page}


def _find(request: HttpRequest, public_id: str) -> Account:
    account = find(request, public_id)
    if account.platform != rehearsals.SLUG:
        raise Http404
    return account


def _present(account: Account) -> dict:
    return {name: value for name, value in account.settings.items() if value is not None}


def _try(account: Account, form: PlatformForm) -> bool:
    try:
        platform_tools.configure(account, form.typed())
    except connections.ConnectError as error:
        form.blame(error)
        return False
    return True
