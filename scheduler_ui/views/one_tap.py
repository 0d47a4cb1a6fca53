"""Where a link in a mail leads: one question with one button. Nothing happens before that is pressed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from scheduler_ui.domain import one_tap
from scheduler_ui.domain.refusals import Refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST does it, once. The link names who answers: nobody need be signed in."""
    try:
        question = one_tap.read(token)
    except one_tap.Invalid:
        return _page(request, status=410)
    if request.method != "POST" or not question.is_open:
        return _page(request, question)
    try:
        one_tap.take(question, timezone.now())
    except Refused as refusal:
        return _page(request, question, refusal=str(refusal), status=409)
    return _page(request, question, is_done=True)


def _page(request: HttpRequest, question: one_tap.Question | None = None, status: int = 200, **words) -> HttpResponse:
    page = render(request, "one_tap/page.html", {"question": question} | words, status=status)
    page.headers["X-Robots-Tag"] = "noindex"
    return page
