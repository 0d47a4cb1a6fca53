"""Inviting, joining, leaving: who is in a workspace."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from scheduler_ui.domain import people, zones
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.people import PersonForm, RoleForm
from scheduler_ui.models import Invite, Membership, Role
from scheduler_ui.views.members import WORKSPACE_KEY, member_required
from scheduler_ui.views.owners import owner_required

SECTION = "/settings/#people"


@require_POST
@member_required
@owner_required
def invite(request: HttpRequest) -> HttpResponse:
    """Shows the link this once: only its hash is kept."""
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise PermissionDenied
    row, token = people.invite(request.member, form.cleaned_data["role"], timezone.now())
    link = request.build_absolute_uri(reverse("join", args=[token]))
    return render(request, "people/invited.html", {"invite": row, "link": link})


@require_POST
@member_required
@owner_required
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    people.revoke(get_object_or_404(Invite, workspace=request.member.workspace, public_id=public_id, used_at=None))
    messages.success(request, _("The link does not work any more."))
    return redirect(SECTION)


@require_POST
@member_required
@owner_required
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Another role, or out (`role` empty)."""
    member = _find(request, public_id)
    role = request.POST.get("role", "")
    try:
        if role in Role.values:
            people.give_role(member, role)
            messages.success(request, _("%(name)s has another role now.") % {"name": member.user})
        elif not role:
            people.remove(member)
            messages.success(request, _("%(name)s is out. Their posts stay.") % {"name": member.user})
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(SECTION)


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
@never_cache
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Follow an invitation, as a new person or as the one who is signed in."""
    invite = people.find_invite(token, timezone.now())
    if invite is None:
        return render(request, "people/join_gone.html", status=410)
    return _join_signed_in(request, invite) if request.user.is_authenticated else _join_as_new(request, invite)


def _join_signed_in(request: HttpRequest, invite: Invite) -> HttpResponse:
    error = ""
    if request.method == "POST":
        try:
            people.join(invite, request.user, timezone.now())
            return _enter(request, invite)
        except Refused as refusal:
            error = str(refusal)
    return render(request, "people/join_again.html", {"invite": invite, "error": error}, status=409 if error else 200)


def _join_as_new(request: HttpRequest, invite: Invite) -> HttpResponse:
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = people.join_as_new(invite, form.person(), timezone.now())
            login(request, user, settings.AUTHENTICATION_BACKENDS[0])
            return _enter(request, invite)
        except Refused as refusal:
            form.add_error(refusal.field or None, str(refusal))
    chosen = form["timezone"].value() or ""
    context = {"form": form, "invite": invite, "zones": zones.choices(timezone.now(), chosen)}
    return render(request, "people/join.html", context, status=422 if form.errors else 200)


def _enter(request: HttpRequest, invite: Invite) -> HttpResponse:
    request.session[WORKSPACE_KEY] = invite.workspace.public_id
    return redirect("/")


def _find(request: HttpRequest, public_id: str) -> Membership:
    members = request.member.workspace.memberships.select_related("user")
    member = members.filter(user__public_id=public_id).first()
    if member is None:
        raise Http404("no such person here")
    return member
