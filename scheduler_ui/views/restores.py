"""Restore mode, for the operator: what it means, how far it is, and its end."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from scheduler_ui.domain import restore_mode
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.views import boards
from scheduler_ui.views.answers import gone
from scheduler_ui.views.members import member_required
from scheduler_ui.views.owners import operator_required


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@member_required
@operator_required
def show(request: HttpRequest) -> HttpResponse:
    """GET says how it stands, POST ends it."""
    mode = restore_mode.state()
    if mode is None:
        return gone(request, reverse("settings"))
    if request.method == "POST":
        return _end(request)
    poll = boards.poll_beyond(request, f"{mode.unlooked}.{mode.unaskable}", timezone.now() if mode.unlooked else None)
    if poll.is_without_news:
        return HttpResponse(status=204)
    template = "restores/_region.html" if poll.is_asking else "restores/page.html"
    return render(request, template, {"poll": poll, "mode": mode})


def _end(request: HttpRequest) -> HttpResponse:
    try:
        freed = restore_mode.end(even_so="even_so" in request.POST)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("settings_restored")
    words = ngettext("Restore mode is over. %d goes on.", "Restore mode is over. %d go on.", freed)
    messages.success(request, words % freed)
    return redirect("calendar")
