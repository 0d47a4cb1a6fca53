"""One's own settings, the people of the workspace, mail, and the switch for all publishing."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from scheduler_ui.domain import mail, people, switches, zones
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.forms.people import RoleForm
from scheduler_ui.forms.settings import LookForm, MailForm, NameForm, WorkspaceForm
from scheduler_ui.forms.zones import ZoneForm
from scheduler_ui.models import Role
from scheduler_ui.views.members import member_required
from scheduler_ui.views.owners import operator_required, owner_required


@require_GET
@member_required
def show(request: HttpRequest) -> HttpResponse:
    """`?zone=` is what the banner about the browser's zone offers."""
    offered = ZoneForm({"timezone": request.GET.get("zone", "")})
    return page(request, zone_form=offered) if offered.is_valid() else page(request)


@require_POST
@member_required
def save_look(request: HttpRequest) -> HttpResponse:
    """Saved as it is chosen; the page is drawn again in its new look."""
    form = LookForm(request.POST, instance=request.user)
    if form.is_valid():
        form.save()
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return _back("look")


@require_POST
@member_required
def save_name(request: HttpRequest) -> HttpResponse:
    return _save(request, "name_form", NameForm(request.POST, instance=request.user), "you")


@require_POST
@member_required
def save_mail(request: HttpRequest) -> HttpResponse:
    return _save(request, "mail_form", MailForm(request.POST, instance=request.user), "mail")


@require_POST
@member_required
@owner_required
def save_workspace(request: HttpRequest) -> HttpResponse:
    return _save(request, "workspace_form", _workspace_form(request, request.POST), "workspace")


@require_POST
@member_required
def send_test_mail(request: HttpRequest) -> HttpResponse:
    try:
        mail.send_test(request.user)
        messages.success(request, _("A test mail is on its way to %(email)s.") % {"email": request.user.email})
    except mail.MailFailed as failure:
        messages.error(request, str(failure))
    return _back("mail")


@require_POST
@member_required
@operator_required
def switch_publishing(request: HttpRequest) -> HttpResponse:
    """Off at once; on only after one has seen what that does."""
    if request.POST.get("publishing") == "on":
        return redirect("settings_publishing_resume")
    try:
        switches.switch_publishing(False)
        messages.success(request, _("Publishing is off. Everything keeps its time, and waits."))
    except Refused as refusal:
        messages.error(request, str(refusal))
    return _back("publishing")


def page(request: HttpRequest, status: int = 200, **forms: Any) -> HttpResponse:
    """The whole page; `forms` are those that hold what a person has just typed."""
    now, member = timezone.now(), request.member
    zone_form = forms.get("zone_form") or ZoneForm(initial={"timezone": str(member.user.timezone)})
    context = {
        "member": member,
        "is_owner": member.role == Role.OWNER,
        "now": now,
        "zones": zones.choices(now, str(member.user.timezone), str(member.workspace.timezone)),
        "zone_form": zone_form,
        "change": question(request, zone_form),
        "name_form": NameForm(instance=member.user),
        "look_form": LookForm(instance=member.user),
        "mail_form": MailForm(instance=member.user),
        "workspace_form": _workspace_form(request),
        "members": member.workspace.memberships.select_related("user").order_by("pk"),
        "invites": people.open_invites(member.workspace, now),
        "role_form": RoleForm(initial={"role": Role.MEMBER}),
        "is_mail_set": settings.MAIL_IS_SET,
    }
    return render(request, "settings/page.html", context | forms, status=status)


def question(request: HttpRequest, form: ZoneForm) -> zones.Change | None:
    """What the zone in a form would do to posts timed already; None where there is nothing to ask."""
    if not form.is_bound or not form.is_valid() or form.cleaned_data["timezone"] == str(request.user.timezone):
        return None
    change = zones.preview(request.user, form.cleaned_data["timezone"], timezone.now())
    return change if change.posts else None


def _workspace_form(request: HttpRequest, data: QueryDict | None = None) -> WorkspaceForm:
    """Its inputs stand beside the person's own, which have the same names."""
    return WorkspaceForm(data, instance=request.member.workspace, auto_id="workspace_%s")


def _save(request: HttpRequest, name: str, form: ModelForm, section: str) -> HttpResponse:
    if not form.is_valid():
        # The object in hand carries what was refused; the rest of the page shows what is kept.
        form.instance.refresh_from_db()
        return page(request, status=422, **{name: form})
    form.save()
    messages.success(request, _("Saved."))
    return _back(section)


def _back(section: str) -> HttpResponse:
    return redirect(f"{reverse('settings')}#{section}")
