from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from scheduler_ui.models import Role


def owner_required(view: Callable) -> Callable:
    """Let a workspace's owners in; stands under `member_required`."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        if request.member.role != Role.OWNER:
            raise PermissionDenied(_("Only an owner of the workspace may do this."))
        return view(request, *args, **kwargs)

    return answer


def operator_required(view: Callable) -> Callable:
    """Let in who runs the installation; stands under `member_required`."""

    @wraps(view)
    def answer(request, *args, **kwargs):
        if not request.user.is_superuser:
            raise PermissionDenied(_("Only the operator of this Punctual may do this."))
        return view(request, *args, **kwargs)

    return answer
