from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.template.loader import render_to_string

Answer = Callable[[HttpRequest], HttpResponse]
NULL = "\0"

# Nothing inline, nothing from elsewhere. blob: is a picked picture before its upload.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


class ContentSecurityPolicy:
    """Outermost, so that every answer carries the policy: errors, redirects and allauth's pages included."""

    def __init__(self, get_response: Answer):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class NoNullCharacters:
    """PostgreSQL keeps none: no address names anything with one, and what is typed goes on without what nobody sees."""

    def __init__(self, get_response: Answer):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NULL in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        if any(NULL in word for name, values in request.POST.lists() for word in (name, *values)):
            request.POST = _without_nulls(request.POST)
        return self._get_response(request)


def _without_nulls(typed: QueryDict) -> QueryDict:
    kept = QueryDict(mutable=True)
    for name, values in typed.lists():
        kept.setlist(name.replace(NULL, ""), [value.replace(NULL, "") for value in values])
    kept._mutable = False
    return kept


class Fragments:
    """What every answer to htmx needs: a way to the sign-in where the session is gone, and the messages as toasts."""

    def __init__(self, get_response: Answer):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not request.headers.get("HX-Request"):
            return response
        if _is_sign_in(response):
            return _sign_in(request)
        if _is_swapped(response):
            _add_toasts(request, response)
        return response


def _is_sign_in(response: HttpResponse) -> bool:
    if response.status_code == 401:
        return True
    return response.status_code == 302 and urlsplit(response.url).path == resolve_url(settings.LOGIN_URL)


def _sign_in(request: HttpRequest) -> HttpResponse:
    """Back to the page, not to the fragment; a redirect would be swapped into the region that asked."""
    page = request.htmx.current_url_abs_path or "/"
    return HttpResponse(status=401, headers={"HX-Redirect": redirect_to_login(page).url})


def _is_swapped(response: HttpResponse) -> bool:
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    is_leaving = {"HX-Redirect", "HX-Refresh", "HX-Location"} & set(response.headers)
    return is_html and not response.streaming and not is_leaving and response.status_code in {200, 201, 409, 422}


def _add_toasts(request: HttpRequest, response: HttpResponse) -> None:
    waiting = messages.get_messages(request)
    if waiting:
        toasts = render_to_string("components/_toasts.html", {"messages": waiting, "oob": True}, request)
        response.content += toasts.encode(response.charset)
