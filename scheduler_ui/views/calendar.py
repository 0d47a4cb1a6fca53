"""The home page: a workspace's posts by month, week, day or list, in the time of the person who looks."""

from dataclasses import replace
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from scheduler_ui.domain import calendars, cards, first_steps, wall_clock
from scheduler_ui.domain.calendars import EVERYTHING, Span, View
from scheduler_ui.models import Account, Status
from scheduler_ui.views import boards, layouts
from scheduler_ui.views.addresses import Address
from scheduler_ui.views.members import member_required


@require_GET
@boards.quiet
@member_required
def calendar(request):
    context = region(request, Address.read(request.GET))
    template = "calendar/_region.html" if context["poll"].is_asking else "calendar/page.html"
    return render(request, template, context)


@require_GET
@member_required
def shortcuts(request):
    return render(request, "calendar/_shortcuts.html") if request.htmx else redirect("calendar")


@require_GET
@member_required
def day(request):
    """What "+N more" opens; `here` is the calendar's own address, to which moves from here come back."""
    here = Address.read(QueryDict(request.GET.get("here", "")))
    asked = replace(Address.read(request.GET), view=View.DAY, chosen=here.chosen)
    if not request.htmx:
        return redirect(reverse("calendar") + asked.to())
    return render(request, "calendar/_day.html", region(request, asked) | _links_from(here))


def region(request: HttpRequest, address: Address) -> dict:
    """Everything that the region shows, and the bar above it."""
    member, now = request.member, timezone.now()
    poll = boards.poll(request, reverse("calendar"), address.query)
    zone = str(member.user.timezone)
    clock = wall_clock.to_local(now, zone)[0]
    span = calendars.span_of(address.view, address.day or clock.date(), member.user.week_start)
    accounts = cards.accounts_of(member.workspace)
    days = calendars.read(member.workspace, member.user, layouts.sight(span, address.chosen), accounts, now)
    context = {"poll": poll, "address": address, "span": span, "days": days, "clock": clock, "viewer": member.user}
    context |= {"title": layouts.title(span), "offset": wall_clock.offset_name(now, zone)}
    context |= (
        layouts.lay_out(span, days, clock, member.user.clock) | _links(address, span) | _filter(address, accounts)
    )
    if not any(day.count for day in days):
        return context | {"first_steps": first_steps.look(member, accounts.values())}
    return context | {"has_examples": any(card.is_example for day in days for card in day.cards)}


def _links(address: Address, span: Span) -> dict:
    views = [(view, view.label, address.to(view=view), view == span.view) for view in View]
    before, after = address.to(day=span.before), address.to(day=span.after)
    links = {"views": views, "before": before, "after": after, "today": address.to(day=None)}
    return links | {"no_filter": address.to(chosen=EVERYTHING)} | _links_from(address)


def _links_from(address: Address) -> dict:
    """What every card and cell links to: written out once, the day or the post is put behind it."""
    here_query = urlencode({"here": address.query.urlencode()})
    return {
        "here_query": here_query,
        "day_link": _open(address.to(view=View.DAY, day=None)),
        "pick_link": _open(address.to(day=None)),
        "more_link": f"{reverse('calendar_day')}?{here_query}&",
        "new_link": f"{reverse('post_new')}?at=",
        "posts_link": reverse("post_move", args=["-"]).removesuffix("-/move/"),
        "no_text": _("Without text"),
        "move_words": _("Move to another time:"),
    }


def _open(link: str) -> str:
    return link if link.endswith("?") else f"{link}&"


def _filter(address: Address, accounts: cards.Accounts) -> dict:
    """The boxes of the filter: each choice and whether it is ticked."""
    picked, statuses = address.chosen.accounts, address.chosen.statuses
    shown = [account for account in accounts.values() if account.state != Account.State.DISCONNECTED]
    return {
        "account_boxes": [(account, picked is None or account.public_id in picked) for account in shown],
        "status_boxes": [(status.value, status.label, status in statuses) for status in Status],
        "filters": (picked is not None) + len(statuses),
    }
