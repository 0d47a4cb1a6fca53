"""What an empty calendar shows: three steps to the first post, and examples for whoever only looks around."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from scheduler_ui.domain import examples
from scheduler_ui.domain.calendars import Day
from scheduler_ui.models import Account, Membership, Post
from scheduler_ui.platforms import registry
from scheduler_ui.views.members import member_required


def context(member: Membership, accounts: Iterable[Account], days: list[Day]) -> dict:
    """`first_steps` while nobody has written anything here; `has_examples` while there are any in sight."""
    if any(day.count for day in days):
        return {"has_examples": any(card.is_example for day in days for card in day.cards)}
    kinds = set(Post.objects.filter(workspace=member.workspace, deleted_at=None).values_list("is_example", flat=True))
    if False in kinds or member.has_hidden_steps:
        return {"has_examples": True in kinds}
    has_account = any(account.is_connected and account.remote_id != examples.REMOTE_ID for account in accounts)
    steps = {"has_account": has_account, "has_mail": settings.MAIL_IS_SET, "networks": _networks()}
    return {"has_examples": True in kinds, "first_steps": steps | {"done": has_account + settings.MAIL_IS_SET}}


def _networks() -> list[dict]:
    """What can be connected; one click is enough where nothing must be typed."""
    return [
        {
            "slug": platform.slug,
            "name": platform.name,
            "text": _(platform.description),
            "is_one_click": not any(field.is_required for field in platform.connect_fields),
        }
        for platform in registry.PLATFORMS.values()
    ]


@require_POST
@member_required
def hide(request: HttpRequest) -> HttpResponse:
    request.member.has_hidden_steps = True
    request.member.save(update_fields=["has_hidden_steps"])
    return redirect("calendar")


@require_POST
@member_required
def load_examples(request: HttpRequest) -> HttpResponse:
    examples.load(request.member.workspace, request.user, timezone.now())
    messages.success(request, _("Ten example posts, on a pretend network. Nothing of it goes anywhere real."))
    return redirect("calendar")


@require_POST
@member_required
def remove_examples(request: HttpRequest) -> HttpResponse:
    left = examples.remove(request.member.workspace)
    if left:
        words = ngettext(
            "%(left)d is going out right now. Try again.", "%(left)d are going out right now. Try again.", left
        )
        messages.warning(request, words % {"left": left})
    else:
        messages.success(request, _("The examples are gone."))
    return redirect("calendar")
