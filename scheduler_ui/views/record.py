"""The on-time record of a workspace, month by month on the reader's clock."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.views.decorators.http import require_GET

from scheduler_ui.domain import record_pages
from scheduler_ui.domain.calendars import EARLIEST
from scheduler_ui.domain.months import Month
from scheduler_ui.domain.record import LATEST
from scheduler_ui.views import boards
from scheduler_ui.views.members import member_required


@boards.quiet
@require_GET
@member_required
def index(request: HttpRequest) -> HttpResponse:
    poll, now, zone = boards.poll(request), timezone.now(), str(request.user.timezone)
    this = Month.of(now, zone)
    month = _asked(request.GET.get("month", ""), this)
    page = record_pages.read(request.member.workspace, request.user, month, now)
    context = {
        "poll": poll,
        "page": page,
        "title": dateformat.format(month.first, "F Y"),
        "before": _address(month.before) if page.record.has_earlier else "",
        "after": "" if page.is_current else _address(month.after),
        "most_rows": LATEST,
    }
    return render(request, "record/_region.html" if poll.is_asking else "record/page.html", context)


def _asked(typed: str, this: Month) -> Month:
    """`2026-11`; whatever cannot be read, or has not come yet, is this month."""
    try:
        first = date.fromisoformat(f"{typed}-01")
    except ValueError:
        return this
    return Month(first, this.zone) if EARLIEST <= first <= this.first else this


def _address(first: date) -> str:
    return f"{reverse('record')}?month={first:%Y-%m}"
