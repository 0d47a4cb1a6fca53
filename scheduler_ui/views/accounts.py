"""The pages of accounts: who we may publish as, and how each of them is."""

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduler_ui.domain import account_pages, accounts, brakes, connections, sync
from scheduler_ui.forms.accounts import BlindForm, BrakeForm
from scheduler_ui.models import Account
from scheduler_ui.views import boards
from scheduler_ui.views.members import member_required


@boards.quiet
@require_GET
@member_required
def index(request: HttpRequest) -> HttpResponse:
    poll = boards.poll(request)
    words = {"poll": poll, "rows": account_pages.rows(request.member.workspace)}
    return render(request, "accounts/_list.html" if poll.is_asking else "accounts/page.html", words)


@boards.quiet
@require_GET
@member_required
def detail(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    poll = boards.poll(request)
    words = {"poll": poll, "row": account_pages.row(account), "blind": BlindForm(instance=account)}
    words |= {"brake": BrakeForm(instance=account), "has_brake": brakes.has_brake(account)}
    words |= {"numbers": account_pages.numbers(account)}
    words["usual_cap"] = brakes.usual_cap()
    words["failed"] = connections.failed_by_loss(account) if account.is_connected else ()
    return render(request, "accounts/_account.html" if poll.is_asking else "accounts/account.html", words)


@require_POST
@member_required
def pause(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    held = accounts.pause(account)
    words = ngettext("%(count)s post waits until you resume.", "%(count)s posts wait until you resume.", held)
    messages.success(request, _("%(account)s is paused.") % {"account": account} + " " + words % {"count": held})
    return redirect("account", public_id)


@require_POST
@member_required
def sync_now(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    if sync.sync_account(account, timezone.now()):
        messages.success(request, _("%(account)s was read just now.") % {"account": account})
    else:
        messages.error(request, account.sync_error)
    return redirect("account", public_id)


@require_POST
@member_required
def publish_failed(request: HttpRequest, public_id: str) -> HttpResponse:
    sent = connections.publish_failed(find(request, public_id), request.user, timezone.now())
    words = ngettext("%(count)s post goes out now.", "%(count)s posts go out now.", sent)
    messages.success(request, words % {"count": sent})
    return redirect("account", public_id)


@require_POST
@member_required
def choose_blind(request: HttpRequest, public_id: str) -> HttpResponse:
    form = BlindForm(request.POST, instance=find(request, public_id))
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
    return redirect("account", public_id)


@require_POST
@member_required
def set_brake(request: HttpRequest, public_id: str) -> HttpResponse:
    account = find(request, public_id)
    form = BrakeForm(request.POST, instance=account)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("The number of posts is a whole number, or nothing."))
    return redirect("account", public_id)


@require_http_methods(["GET", "POST"])
@member_required
def disconnect(request: HttpRequest, public_id: str) -> HttpResponse:
    """GET shows what would happen, with its numbers; POST does it."""
    account = find(request, public_id)
    if request.method == "GET":
        words = {"row": account_pages.row(account), "numbers": account_pages.numbers(account)}
        return render(request, "accounts/disconnect.html", words)
    canceled = accounts.disconnect(account, request.user, timezone.now())
    words = ngettext("%(count)s waiting post was canceled.", "%(count)s waiting posts were canceled.", canceled)
    said = _("%(account)s is disconnected.") % {"account": account}
    messages.success(request, said + (" " + words % {"count": canceled} if canceled else ""))
    return redirect("accounts")


@require_GET
@member_required
def avatar(request: HttpRequest, public_id: str) -> HttpResponse:
    account = get_object_or_404(request.member.workspace.accounts, public_id=public_id)
    if not account.avatar:
        raise Http404
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return FileResponse(account.avatar.open("rb"), content_type="image/webp", headers=headers)


def find(request: HttpRequest, public_id: str) -> Account:
    """One of the workspace's accounts that is not disconnected. Raises Http404."""
    mine = request.member.workspace.accounts.exclude(state=Account.State.DISCONNECTED)
    return get_object_or_404(mine.select_related("workspace"), public_id=public_id)
