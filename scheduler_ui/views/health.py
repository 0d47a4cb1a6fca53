from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scheduler_ui.domain import health


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The web process answers; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """503 while no worker beats, posts are overdue or the database is away."""
    try:
        found = health.look(timezone.now())
    except Error:
        return JsonResponse({"database": False}, status=503)
    facts = {"database": True, "queue": not found.is_queue_away, "worker": found.is_worker_alive}
    facts |= {"overdue": found.overdue, "next_due_at": found.next_due_at}
    return JsonResponse(facts, status=200 if found.is_well else 503)
