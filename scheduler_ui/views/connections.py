"""Connecting an account for the first time, or again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from scheduler_ui.domain import connections
from scheduler_ui.domain.connections import Asked
from scheduler_ui.forms.accounts import PlatformForm
from scheduler_ui.models import Account
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Platform
from scheduler_ui.platforms.outcomes import ConnectError
from scheduler_ui.views.accounts import find
from scheduler_ui.views.members import member_required


@require_GET
@member_required
def pick(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_http_methods(["GET", "POST"])
@member_required
def connect(request: HttpRequest, slug: str) -> HttpResponse:
    """A platform's form; what is typed is verified at once, and stays when it is refused."""
    platform = _platform(slug)
    form = PlatformForm(platform.connect_fields, request.POST or None)
    is_sent = request.method == "POST" and (form.is_valid() or not platform.connect_fields)
    account = _try_connect(request, platform, form) if is_sent else None
    if account is None:
        return _page(request, platform, form)
    messages.success(request, _("%(account)s is connected.") % {"account": account})
    return redirect("account", account.public_id)


@require_http_methods(["GET", "POST"])
@member_required
def reconnect(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    platform = _platform(account.platform)
    form = PlatformForm(platform.connect_fields, request.POST or None, initial=_known(account))
    is_sent = request.method == "POST" and (form.is_valid() or not platform.connect_fields)
    if not is_sent or not _try_reconnect(request, account, form):
        words = {"account": account, "platform": platform, "form": form}
        return render(request, "accounts/reconnect.html", words, status=422 if form.errors else 200)
    messages.success(request, _("%(account)s is connected again.") % {"account": account})
    return redirect("account", public_id)


def _page(request: HttpRequest, platform: type[Platform] | None = None, form: PlatformForm | None = None):
    words = {"platforms": registry.PLATFORMS.values(), "platform": platform, "form": form}
    return render(request, "accounts/connect.html", words, status=422 if form and form.errors else 200)


def _platform(slug: str) -> type[Platform]:
    try:
        return registry.get(slug)
    except KeyError:
        raise Http404 from None


def _try_connect(request: HttpRequest, platform: type[Platform], form: PlatformForm) -> Account | None:
    asked = Asked(platform.slug, form.typed() if platform.connect_fields else {}, request.user)
    try:
        return connections.connect(request.member.workspace, asked, timezone.now())
    except ConnectError as error:
        form.blame(error)
        return None


def _try_reconnect(request: HttpRequest, account: Account, form: PlatformForm) -> bool:
    asked = Asked(account.platform, form.typed() if form.fields else {}, request.user)
    try:
        connections.reconnect(account, asked, timezone.now())
    except ConnectError as error:
        form.blame(error)
        return False
    return True


def _known(account: Account) -> dict[str, str]:
    """What need not be typed again: nothing of it is secret."""
    return {"handle": account.handle} | {name: value for name, value in account.settings.items() if value}
