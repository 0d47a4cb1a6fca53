"""How an action answers: the page itself says what came of it, and asks for what has changed."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

WAKE = json.dumps({"dialog:close": None, "app:wake": None})


def acted(request: HttpRequest, fallback: str) -> HttpResponse:
    """What was said, as toasts, and a nudge to every region of the page; without htmx a plain way back."""
    if request.htmx:
        return HttpResponse(headers={"HX-Trigger": WAKE, "HX-Reswap": "none"})
    return redirect(way_back(request, fallback))


def way_back(request: HttpRequest, fallback: str) -> str:
    back = request.POST.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) else fallback


def gone(request: HttpRequest, address: str) -> HttpResponse:
    """Away from a page that is no more; a redirect that htmx follows as a whole page."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
