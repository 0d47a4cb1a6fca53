"""What a person decides about one delivery; each answers on the page where it was asked."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from scheduler_ui.domain import deliveries, promises, recents
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.times import ThereForm, WhenForm
from scheduler_ui.models import WAITING, Delivery, Status
from scheduler_ui.views.answers import acted
from scheduler_ui.views.members import member_required
from scheduler_ui.views.toasts import toast


@require_POST
@member_required
def publish_now(request: HttpRequest, public_id: str) -> HttpResponse:
    return _decide(request, public_id, promises.publish_now, _("It goes out now."))


@require_POST
@member_required
def anyway(request: HttpRequest, public_id: str) -> HttpResponse:
    """Past the runaway brake, by a person's word."""
    return _decide(request, public_id, promises.send_anyway, _("It goes out as soon as it is its turn."))


@require_POST
@member_required
def retry(request: HttpRequest, public_id: str) -> HttpResponse:
    return _decide(request, public_id, promises.retry, _("It is tried again now."))


@require_POST
@member_required
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    return _decide(request, public_id, deliveries.cancel, _("Canceled. It is kept, and will not be sent."))


@require_POST
@member_required
def absent(request: HttpRequest, public_id: str) -> HttpResponse:
    return _decide(request, public_id, deliveries.confirm_absent, _("It is sent again now."))


@require_POST
@member_required
def there(request: HttpRequest, public_id: str) -> HttpResponse:
    form = ThereForm(request.POST)
    if not form.is_valid():
        messages.error(request, next(iter(form.errors.values()))[0])
        return acted(request, reverse("post", args=[find(request, public_id).post.public_id]))
    seen = form.cleaned_data["url"], form.cleaned_data["remote_id"]
    return _decide(request, public_id, deliveries.confirm_there, _("It counts as published."), *seen)


@require_GET
@member_required
def recent(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the network lists; asked for after the page is there, for the network may be slow."""
    delivery = find(request, public_id)
    if delivery.status != Status.UNCONFIRMED:
        return redirect("post", delivery.post.public_id)
    words = {"delivery": delivery, "listing": recents.look(delivery)}
    return render(request, "deliveries/_recent.html" if request.htmx else "deliveries/recent.html", words)


@require_http_methods(["GET", "POST"])
@member_required
def reschedule(request: HttpRequest, public_id: str) -> HttpResponse:
    delivery = find(request, public_id)
    zone, initial = str(request.user.timezone), {}
    if delivery.scheduled_for:
        initial["at"] = Clock.of(request.user).local(delivery.scheduled_for)
    form = WhenForm(request.POST or None, zone=zone, clock=request.user.clock, initial=initial)
    if request.method == "POST" and form.is_valid():
        when = form.when(delivery.post.timezone)
        try:
            promises.reschedule(delivery, when, actor=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_error("at", str(refusal))
        else:
            toast(request, moved_sentence(request, when.instant))
            return acted(request, reverse("post", args=[delivery.post.public_id]))
    return ask_when(request, form, delivery.post, delivery.account)


def find(request: HttpRequest, public_id: str) -> Delivery:
    """One of the workspace's deliveries whose post is not in the trash. Raises Http404."""
    mine = Delivery.objects.filter(workspace=request.member.workspace, post__deleted_at=None)
    return get_object_or_404(mine.select_related("post", "account", "workspace"), public_id=public_id)


def moved_sentence(request: HttpRequest, instant) -> str:
    return _("Moved to %(time)s.") % {"time": Clock.of(request.user).point(instant, timezone.now())}


def ask_when(request: HttpRequest, form: WhenForm, post, account=None) -> HttpResponse:
    context = {"form": form, "post": post, "account": account, "here": reverse("post", args=[post.public_id])}
    template = "deliveries/_when.html" if request.htmx else "deliveries/when.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _decide(request: HttpRequest, public_id: str, decision: Callable, said: str, *details: str) -> HttpResponse:
    delivery = find(request, public_id)
    try:
        decision(delivery, *details, actor=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, said if not _waits_on(delivery) else _("Noted, but it is still held. The post's page says why."))
    return acted(request, reverse("post", args=[delivery.post.public_id]))


def _waits_on(delivery: Delivery) -> bool:
    """What was let go is held by something else: a pause, a lost account."""
    delivery.refresh_from_db(fields=["status", "hold_reason"])
    return delivery.status in WAITING and bool(delivery.hold_reason)
