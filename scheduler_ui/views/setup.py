from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from scheduler_ui.domain import people, setup_links, zones
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.people import PersonForm


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
def set_up(request: HttpRequest, token: str) -> HttpResponse:
    """The first person's page: good while there is no user, and for a week."""
    if not setup_links.is_valid(token):
        return render(request, "setup/gone.html", {"is_needed": setup_links.is_needed()}, status=410)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            login(request, people.set_up(form.person()), settings.AUTHENTICATION_BACKENDS[0])
            return redirect("/")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "zones": zones.choices(timezone.now(), form["timezone"].value() or "")}
    return render(request, "setup/page.html", context, status=422 if form.errors else 200)
