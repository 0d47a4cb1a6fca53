"""Who may come in: the first person, those who follow an invitation, and what an owner decides about them."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from scheduler_ui.domain import boards, setup_links
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Installation, Invite, Membership, Role, User, Workspace

INVITE_GOOD_FOR = timedelta(days=3)


@dataclass(frozen=True)
class Person:
    """What somebody says about themselves when they come in; `look` holds further fields of User."""

    email: str
    password: str
    timezone: str
    look: dict[str, Any]


def set_up(person: Person) -> User:
    """Make the operator and their workspace. Raises Refused when somebody was faster."""
    with transaction.atomic():
        # The row's lock keeps two tabs from making two operators.
        Installation.objects.get_or_create(pk=1)
        Installation.objects.select_for_update().get(pk=1)
        if not setup_links.is_needed():
            raise Refused(_("Somebody has set it up already. Sign in, or ask them for an invitation."))
        user = User.objects.create_superuser(person.email, person.password, timezone=person.timezone, **person.look)
        name = _("Workspace of %(name)s") % {"name": user.email.partition("@")[0]}
        workspace = Workspace.objects.create(name=name[:80], timezone=person.timezone)
        Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER)
    return user


def invite(owner: Membership, role: str, now: datetime) -> tuple[Invite, str]:
    """A link's token, told this once: only its hash is kept."""
    token = secrets.token_urlsafe(24)
    row = Invite.objects.create(
        workspace=owner.workspace,
        role=role,
        token_sha256=_hash(token),
        created_by=owner.user,
        expires_at=now + INVITE_GOOD_FOR,
    )
    return row, token


def open_invites(workspace: Workspace, now: datetime) -> QuerySet[Invite]:
    return Invite.objects.filter(workspace=workspace, used_at=None, expires_at__gt=now).order_by("expires_at")


def revoke(invite: Invite) -> None:
    invite.delete()


def find_invite(token: str, now: datetime) -> Invite | None:
    usable = Invite.objects.filter(token_sha256=_hash(token), used_at=None, expires_at__gt=now)
    return usable.select_related("workspace", "created_by").first()


def join_as_new(invite: Invite, person: Person, now: datetime) -> User:
    """Raises Refused when the link has just been used, or the e-mail has a user already."""
    with transaction.atomic():
        _use(invite, now)
        if User.objects.filter(email__iexact=person.email).exists():
            raise Refused(_("Somebody with this e-mail is here already. Sign in first, then follow the link."), "email")
        user = User.objects.create_user(person.email, person.password, timezone=person.timezone, **person.look)
        _enter(invite, user)
    return user


def join(invite: Invite, user: User, now: datetime) -> None:
    """One who is in already stays what they are, and the link stays good. Raises Refused."""
    if Membership.objects.filter(user=user, workspace=invite.workspace).exists():
        raise Refused(_("You are in this workspace already."))
    with transaction.atomic():
        _use(invite, now)
        _enter(invite, user)


def give_role(member: Membership, role: str) -> None:
    """Raises Refused for the last owner."""
    with transaction.atomic():
        if role != Role.OWNER:
            _refuse_last_owner(member)
        member.role = role
        member.save(update_fields=["role"])


def remove(member: Membership) -> None:
    """Out of this workspace; their posts stay. Raises Refused for the last owner."""
    with transaction.atomic():
        _refuse_last_owner(member)
        member.delete()
        boards.touch(member.workspace_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _use(invite: Invite, now: datetime) -> None:
    fresh = Invite.objects.filter(pk=invite.pk, used_at=None, expires_at__gt=now)
    if fresh.update(used_at=now) != 1:
        raise Refused(_("This link has been used. Ask for a new one."))


def _enter(invite: Invite, user: User) -> None:
    Membership.objects.create(user=user, workspace=invite.workspace, role=invite.role)
    boards.touch(invite.workspace_id)


def _refuse_last_owner(member: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(workspace=member.workspace_id, role=Role.OWNER)
    if member.role == Role.OWNER and not any(owner.pk != member.pk for owner in owners):
        raise Refused(_("A workspace needs an owner. Make somebody else an owner first."))
