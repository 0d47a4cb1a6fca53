"""The bell: what a person should know, newest first, and what they have read of it."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.domain import notices, pages, shells, zone_data
from scheduler_ui.domain.pages import Place
from scheduler_ui.models import Account, Notice
from scheduler_ui.views import boards
from scheduler_ui.views.members import member_required


@boards.quiet
@require_GET
@member_required
def index(request: HttpRequest) -> HttpResponse:
    poll = boards.poll(request)
    seen = notices.seen_by(request.member).select_related("delivery__post", "delivery__account", "account")
    page = pages.read(seen, Place.beside(seen, pages.ends(request.GET), Place(("pk",))))
    words = {"poll": poll, "page": page, "read_to": request.member.notices_read_to, "mail_is_set": settings.MAIL_IS_SET}
    words["unread"] = notices.unread(request.member)[: shells.MANY].count()
    words["unread_label"] = shells.label(words["unread"])
    return render(request, "notices/_list.html" if poll.is_asking else "notices/page.html", words)


@require_POST
@member_required
def read(request: HttpRequest) -> HttpResponse:
    """Everything up to the newest that the page has shown; what came since stays unread."""
    newest = request.POST.get("newest", "")
    if newest.isdecimal():
        shown = notices.seen_by(request.member).filter(pk__lte=int(newest)).first()
        if shown:
            notices.read_to(request.member, shown.pk)
    return redirect("notices")


@require_GET
@member_required
def follow(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go to what a notice is about."""
    about = notices.seen_by(request.member).select_related("delivery__post", "account")
    notice = get_object_or_404(about, public_id=public_id)
    if notice.delivery:
        return redirect("post", notice.delivery.post.public_id)
    if notice.kind == Notice.Kind.DIGEST:
        return redirect(f"{reverse('queue')}?tab=needs_you")
    if version := zone_data.version_of(notice):
        return redirect(f"{reverse('queue')}?{urlencode({'moved': version})}")
    if notice.account is None or notice.account.state == Account.State.DISCONNECTED:
        return redirect("accounts" if notice.account else "notices")
    return redirect("account", notice.account.public_id)
