"""What a composer holds before anybody has typed: nothing, what the address asks for, or a saved post."""

import secrets
from datetime import datetime

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date

from scheduler_ui.domain import calendars, composing, moments, wall_clock
from scheduler_ui.domain.composing import Filled
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.sheets import Typed
from scheduler_ui.models import Membership, Post


def for_new(member: Membership, query: QueryDict) -> tuple[Filled, Typed]:
    """An empty form: `at` and `day` set its time, `duplicate` fills it with a copy, one lone account is chosen."""
    zone = str(member.user.timezone)
    local = _at(query.get("at", "")) or _day(query.get("day", ""), zone)
    composed = Composed("", accounts=_lone_account(member))
    if "duplicate" in query:
        composed = composing.copy(get_object_or_404(member.workspace.posts, public_id=query["duplicate"]))
    typed = typed_at(When(local, zone) if local else None, zone)
    filled = Filled(None, member.workspace, member.user, composed, client_key=new_key())
    return filled, typed


def for_post(member: Membership, post: Post) -> tuple[Filled, Typed]:
    zone = str(member.user.timezone)
    filled = Filled(post, member.workspace, member.user, composing.read(post), seen=composing.state_of(post))
    return filled, typed_at(composing.in_zone(post, zone), zone)


def typed_at(when: When | None, zone: str) -> Typed:
    return Typed(False, moments.for_input(when.local) if when else "", zone, when)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def _lone_account(member: Membership) -> list:
    offered = [account for account in composing.offered(member.workspace) if account.is_connected]
    return offered if len(offered) == 1 else []


def _at(text: str) -> datetime | None:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local if local.tzinfo is None and calendars.EARLIEST <= local.date() <= calendars.LATEST else None


def _day(text: str, zone: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not calendars.EARLIEST <= day <= calendars.LATEST:
        return None
    return calendars.suggested(day, wall_clock.to_local(timezone.now(), zone)[0])
