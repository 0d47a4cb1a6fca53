"""The queue: tabs of deliveries, and one decision for many of them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.domain import bulk, listings, pages, queues
from scheduler_ui.domain.actions import Action
from scheduler_ui.domain.queues import COUNTED, Filter, Tab
from scheduler_ui.domain.scenes import scene
from scheduler_ui.forms.times import ShiftForm
from scheduler_ui.models import Account, Delivery, Membership, Post
from scheduler_ui.views import boards
from scheduler_ui.views.answers import acted
from scheduler_ui.views.members import member_required
from scheduler_ui.views.toasts import toast

UNDO_SECONDS = 60  # the toast stays for 30, and longer under the pointer
SALT = "bulk delete"
# What may be done with many rows of a tab at once.
BULK = {
    Tab.UPCOMING: (Action.RESCHEDULE, Action.CANCEL, Action.DELETE),
    Tab.PUBLISHING: (),
    Tab.RETRYING: (Action.NOW, Action.RESCHEDULE, Action.CANCEL, Action.DELETE),
    Tab.NEEDS_YOU: (Action.NOW, Action.RESCHEDULE, Action.DROP, Action.DELETE),
    Tab.FAILED: (Action.RETRY, Action.RESCHEDULE, Action.DROP, Action.DELETE),
    Tab.PUBLISHED: (Action.DELETE,),
    Tab.DRAFTS: (Action.RESCHEDULE, Action.DELETE),
    Tab.CANCELED: (Action.RESCHEDULE, Action.DELETE),
}


@boards.quiet
@require_GET
@member_required
def index(request: HttpRequest) -> HttpResponse:
    poll = boards.poll(request)
    context = {"poll": poll} | _region(request)
    return render(request, "queue/_region.html" if poll.is_asking else "queue/page.html", context)


@require_GET
@member_required
def confirm(request: HttpRequest) -> HttpResponse:
    """What is about to be done, and to how many."""
    chosen = Chosen.read(request.GET, request.member)
    form = ShiftForm(zone=str(request.user.timezone), clock=request.user.clock)
    return _confirm(request, chosen, form)


@require_POST
@member_required
def apply(request: HttpRequest) -> HttpResponse:
    chosen = Chosen.read(request.POST, request.member)
    form = ShiftForm(request.POST, zone=str(request.user.timezone), clock=request.user.clock)
    is_move = chosen.action == Action.RESCHEDULE
    if is_move and not form.is_valid():
        return _confirm(request, chosen, form, status=422)
    rows, _is_cut = chosen.rows(request.member)
    shift = form.shift() if is_move else None
    now = timezone.now()
    told = bulk.apply(chosen.action, rows, actor=request.user, now=now, shift=shift)
    toast(request, told.sentence, _undo_address(now) if chosen.action == Action.DELETE and told.done else "")
    return acted(request, _address(chosen.filter))


@require_POST
@member_required
def undo(request: HttpRequest) -> HttpResponse:
    """Take out of the trash what one press has put there."""
    try:
        moment = datetime.fromisoformat(signing.loads(request.GET.get("deleted", ""), salt=SALT, max_age=UNDO_SECONDS))
    except signing.SignatureExpired:
        messages.error(request, _("That was a while ago. The trash still has it."))
    except signing.BadSignature as error:
        raise Http404 from error
    else:
        told = bulk.restore(request.member.workspace, moment, actor=request.user, now=timezone.now())
        messages.success(request, ngettext("%d is back.", "%d are back.", told) % told)
    return acted(request, reverse("queue"))


def _undo_address(moment: datetime) -> str:
    """Signed, so that only a moment that was told can be taken back; all of it has this one."""
    query = QueryDict(mutable=True)
    query["deleted"] = signing.dumps(moment.isoformat(), salt=SALT)
    return f"{reverse('queue_undo')}?{query.urlencode()}"


@dataclass(frozen=True)
class Chosen:
    """An action, and its rows: those that were ticked, or all that match the filter."""

    action: Action
    filter: Filter
    ids: tuple[str, ...]
    is_all: bool

    @classmethod
    def read(cls, query: QueryDict, member: Membership) -> "Chosen":
        """Raises Http404 for an action that there is not."""
        if query.get("action") not in set(Action):
            raise Http404("no such action")
        ids = tuple(query.getlist("row")[: queues.PAGE * 2])
        return cls(Action(query["action"]), _filter(query, member), ids, "all" in query)

    def rows(self, member: Membership) -> tuple[list, bool]:
        """They, and whether more may match than are done at a time."""
        if self.is_all:
            return queues.matching(member.workspace, self.filter, bulk.MOST)
        chosen = {"workspace": member.workspace, "public_id__in": self.ids}
        if self.filter.tab == Tab.DRAFTS:
            return list(Post.objects.filter(**chosen)), False
        return list(Delivery.objects.filter(**chosen).select_related("post", "account")), False


def _confirm(request: HttpRequest, chosen: Chosen, form: ShiftForm, status: int = 200) -> HttpResponse:
    rows, is_cut = chosen.rows(request.member)
    context = {
        "chosen": chosen,
        "count": len(rows),
        "posts": len({getattr(row, "post_id", row.pk) for row in rows}),
        "is_cut": is_cut,
        "form": form,
        "back": _address(chosen.filter),
    }
    template = "queue/_confirm.html" if request.htmx else "queue/confirm.html"
    return render(request, template, context, status=status)


def _region(request: HttpRequest) -> dict:
    member = request.member
    chosen = _filter(request.GET, member)
    page = queues.read(member.workspace, chosen, *pages.ends(request.GET))
    counts = queues.counts(member.workspace)
    return {
        "chosen": chosen,
        "tabs": [_tab(tab, counts[tab.value], chosen) for tab in Tab],
        "groups": listings.groups(page.rows, scene(request.user, timezone.now())),
        "page": page,
        "looked_through": queues.LOOKED_THROUGH,
        "actions": BULK[chosen.tab],
        "accounts": member.workspace.accounts.order_by("pk"),
        "here": _address(chosen),
    }


def _filter(query: QueryDict, member: Membership) -> Filter:
    """Whatever cannot be read is left out: an address is typed, cut off and mailed around."""
    tab = query.get("tab", "")
    account = Account.objects.filter(workspace=member.workspace, public_id=query.get("account", "")).first()
    words, moved = query.get("q", "").strip()[:200], query.get("moved", "")[:20]
    return Filter(Tab(tab) if tab in set(Tab) else Tab.UPCOMING, words, account, moved)


def _address(chosen: Filter, tab: Tab | None = None) -> str:
    query = QueryDict(mutable=True)
    query["tab"] = (tab or chosen.tab).value
    if chosen.words:
        query["q"] = chosen.words
    if chosen.account:
        query["account"] = chosen.account.public_id
    if chosen.moved:
        query["moved"] = chosen.moved
    return f"{reverse('queue')}?{query.urlencode()}"


def _tab(tab: Tab, count: int, chosen: Filter) -> dict:
    shown = f"{COUNTED}+" if count >= COUNTED else str(count)
    return {"label": tab.label, "count": shown, "url": _address(chosen, tab), "is_current": tab == chosen.tab}
