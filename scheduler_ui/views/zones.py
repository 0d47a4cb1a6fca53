"""A person's change of zone, and the traveller's banner."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.domain import zones
from scheduler_ui.forms.zones import ZoneForm
from scheduler_ui.views import settings
from scheduler_ui.views.members import member_required


@require_GET
@member_required
def ask(request: HttpRequest) -> HttpResponse:
    """What a zone that is being chosen would mean for the posts timed already."""
    return render(
        request, "settings/_zone_question.html", {"change": settings.question(request, ZoneForm(request.GET))}
    )


@require_POST
@member_required
def change(request: HttpRequest) -> HttpResponse:
    """With timed posts and no word about them, asks first."""
    form = ZoneForm(request.POST)
    if not form.is_valid() or (settings.question(request, form) and not form.cleaned_data["keep"]):
        return settings.page(request, status=422, zone_form=form)
    zone, keep = form.cleaned_data["timezone"], form.cleaned_data["keep"] or zones.KEEP_INSTANT
    moved = zones.change(request.user, zone, keep, timezone.now())
    said = ngettext(
        "Your zone is %(zone)s now. %(moved)d post moved.", "Your zone is %(zone)s now. %(moved)d posts moved.", moved
    )
    messages.success(request, said % {"zone": zone, "moved": moved})
    return redirect("settings")


@require_POST
@member_required
def keep(request: HttpRequest) -> HttpResponse:
    """The traveller's answer to the banner: not this zone."""
    request.user.kept_zone = request.POST.get("browser_zone", "")[:64]
    request.user.save(update_fields=["kept_zone"])
    return render(request, "shell/_all.html")
