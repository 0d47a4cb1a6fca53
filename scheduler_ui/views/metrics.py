"""Figures for an operator's Prometheus; to everybody else there is no such page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scheduler_ui.domain import metrics

TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK = {"127.0.0.1", "::1"}
# Whoever asks through a proxy of this machine only looks as if they were on it.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or _is_on_this_machine(request) or _is_operator(request)):
        raise Http404("no metrics")
    return HttpResponse(metrics.exposed(metrics.read(timezone.now())), content_type=TYPE)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}")


def _is_on_this_machine(request: HttpRequest) -> bool:
    if settings.BEHIND_PROXY or any(name in request.META for name in FORWARDED):
        return False
    return request.META.get("REMOTE_ADDR") in LOOPBACK


def _is_operator(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser
