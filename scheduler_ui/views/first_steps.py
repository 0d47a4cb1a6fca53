"""The first steps on an empty calendar: hidden by whoever knows them, and examples for whoever only looks around."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from scheduler_ui.domain import examples
from scheduler_ui.views.members import member_required


@require_POST
@member_required
def hide(request):
    request.member.has_hidden_steps = True
    request.member.save(update_fields=["has_hidden_steps"])
    return redirect("calendar")


@require_POST
@member_required
def load_examples(request):
    examples.load(request.member.workspace, request.user, timezone.now())
    messages.success(request, _("Ten example posts, on a pretend network. Nothing of it goes anywhere real."))
    return redirect("calendar")


@require_POST
@member_required
def remove_examples(request):
    left = examples.remove(request.member.workspace)
    if left:
        words = ngettext(
            "%(left)d is going out right now. Try again.", "%(left)d are going out right now. Try again.", left
        )
        messages.warning(request, words % {"left": left})
    else:
        messages.success(request, _("The examples are gone."))
    return redirect("calendar")
