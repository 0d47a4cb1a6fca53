"""A workspace that looks alive: posts of every status, and some that go out while one watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import slugify

from scheduler_ui.domain import connections, demo_outcomes, demo_pictures, demo_texts, media, posts, wall_clock
from scheduler_ui.domain.accounts import pause
from scheduler_ui.domain.connections import Asked
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.models import Account, Delivery, Event, Membership, Post, Role, Status, User, Workspace

NAME, OPERATOR, SECOND = "Harbor Coffee", "ines@example.org", "ana@example.org"
# Letter in demo_texts: platform, name, what the rehearsal network does there.
ACCOUNTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "C": ("rehearsal", "Harbor Coffee", {"kind": "key"}),
    "N": ("rehearsal", "Harbor newsroom", {"kind": "key", "behaviour": "delay", "seconds": 6}),
    "J": ("feed", "Harbor journal", {}),
    "R": ("rehearsal", "Harbor reels", {"kind": "key", "behaviour": "process", "seconds": 20}),
    "V": ("rehearsal", "Harbor events", {"kind": "lookup", "behaviour": "lost", "times": 1, "already": 0}),
    "E": ("rehearsal", "Harbor evenings", {"kind": "blind"}),
    "W": ("rehearsal", "Harbor wholesale", {"kind": "key"}),
    "B": ("rehearsal", "Harbor back office", {"kind": "key", "behaviour": "refuse"}),
}
AVATARS = {"C": "#17365d", "J": "#8a4b2a"}


@dataclass(frozen=True)
class Cast:
    """Who is in the demo: people, accounts by letter, two pictures."""

    workspace: Workspace
    ines: User
    ana: User
    accounts: dict[str, Account]
    pictures: Sequence[Any] = ()


def seed(password: str, now: datetime) -> Cast:
    """Make the workspace, or add to it what a new day needs; twice on one day changes nothing but what is due next."""
    with transaction.atomic():
        is_new = not Workspace.objects.filter(name=NAME).exists()
        cast = _cast(password, now) if is_new else _cast_again(password)
        if is_new:
            _write_past(cast, now)
        if not _is_seeded(cast, now):
            _write_today(cast, now)
            _write_future(cast, now)
        _write_next(cast, now)
    return cast


def _cast(password: str, now: datetime) -> Cast:
    workspace = Workspace.objects.create(name=NAME, timezone="Europe/Berlin")
    ines = User(email=OPERATOR, name="Ines Duarte", timezone="Europe/Berlin", is_staff=True, is_superuser=True)
    ana = User(email=SECOND, name="Ana Reyes", timezone="America/New_York", clock=User.Clock.H12)
    for person, role in ((ines, Role.OWNER), (ana, Role.MEMBER)):
        person.set_password(password)
        person.save()
        Membership.objects.create(user=person, workspace=workspace, role=role)
    accounts = {letter: _account(workspace, ines, letter, now) for letter in ACCOUNTS}
    pause(accounts["W"])
    pictures = [
        media.store(workspace, ines, f"{name}.jpg", BytesIO(drawn))
        for name, drawn in (("bags", demo_pictures.bags()), ("cup", demo_pictures.cup()))
    ]
    return Cast(workspace, ines, ana, accounts, pictures)


def _cast_again(password: str) -> Cast:
    workspace = Workspace.objects.get(name=NAME)
    ines, ana = (User.objects.get(email=email) for email in (OPERATOR, SECOND))
    if not ines.check_password(password):
        ines.set_password(password)
        ines.save()
    by_name = {account.name: account for account in workspace.accounts.all()}
    known = {letter: by_name[name] for letter, (_platform, name, _settings) in ACCOUNTS.items() if name in by_name}
    return Cast(workspace, ines, ana, known, list(workspace.media.order_by("pk")[:2]))


def _account(workspace: Workspace, actor: User, letter: str, now: datetime) -> Account:
    platform, name, settings = ACCOUNTS[letter]
    form = {"name": name, "kind": settings.get("kind", ""), "slug": slugify(name)}
    account = connections.connect(workspace, Asked(platform, form, actor), now).account
    account.settings = account.settings | settings
    account.synced_at = now - timedelta(hours=3) if platform == "rehearsal" else None
    if letter in AVATARS:
        account.avatar.save(f"{account.public_id}.webp", ContentFile(demo_pictures.avatar(AVATARS[letter])), save=False)
    account.save()
    return account


def _is_seeded(cast: Cast, now: datetime) -> bool:
    """Whether this day of the operator's has its posts already."""
    return Post.objects.filter(workspace=cast.workspace, client_key__startswith=_key(cast, now, "today")).exists()


def _key(cast: Cast, now: datetime, name: str) -> str:
    day = wall_clock.to_local(now, str(cast.ines.timezone))[0].date()
    return f"demo-{day}-{name}"


def _write_past(cast: Cast, now: datetime) -> None:
    for number, (days, at, text, letters) in enumerate(demo_texts.PAST):
        post = _post(cast, text, letters, _at(cast, now, days, at), _key(cast, now, f"past-{number}"))
        if number % 3 == 0:
            _attach(post, cast)
        demo_outcomes.publish(post, number)


def _write_today(cast: Cast, now: datetime) -> None:
    for number, (at, text, ends) in enumerate(demo_texts.TODAY):
        when = _at(cast, now, 0, at)
        if Status.CANCELED not in ends.values():
            when = When.at(_before(now, when.instant, set(ends.values()), number), when.timezone)
        post = _post(cast, text, "".join(ends), when, _key(cast, now, f"today-{number}"))
        if len(ends) > 2:
            _attach(post, cast)
        outcomes = {cast.accounts[letter].pk: status for letter, status in ends.items() if letter in cast.accounts}
        for delivery in post.deliveries.select_related("account"):
            demo_outcomes.end(delivery, outcomes[delivery.account_id], now)


def _before(now: datetime, at: datetime, ends: set[Status], number: int) -> datetime:
    """What is over was due at its hour; what still goes on is of the last hour."""
    minute = now.replace(second=0, microsecond=0)
    if ends <= {Status.PUBLISHED, Status.MISSED}:
        return min(at, minute - timedelta(hours=3))
    return minute - timedelta(minutes=50 - 5 * number)


def _write_future(cast: Cast, now: datetime) -> None:
    for number, (days, at, text, letters) in enumerate(demo_texts.FUTURE):
        post = _post(cast, text, letters, _at(cast, now, days, at), _key(cast, now, f"future-{number}"))
        if number % 3 == 0:
            _attach(post, cast)
    for text in demo_texts.DRAFTS:
        posts.save_draft(None, cast.workspace, cast.ana, Composed(text))
    moved = Post.objects.get(workspace=cast.workspace, client_key=_key(cast, now, "future-2"))
    assert moved.scheduled_for is not None
    data = {"was": (moved.scheduled_for + timedelta(hours=1)).isoformat(), "to": moved.scheduled_for.isoformat()}
    Event.objects.create(post=moved, actor=cast.ana, kind="moved", data=data, at=now - timedelta(hours=2))


def _write_next(cast: Cast, now: datetime) -> None:
    """What goes out while one watches; nothing where something does already."""
    soon = Delivery.objects.filter(workspace=cast.workspace, status=Status.SCHEDULED, hold_reason="")
    if soon.filter(due_at__gt=now, due_at__lt=now + timedelta(minutes=3)).exists():
        return
    zone = str(cast.ines.timezone)
    for seconds, text, letters in demo_texts.NEXT:
        instant = now.replace(microsecond=0) + timedelta(seconds=seconds)
        _post(cast, text, letters, When.at(instant, zone), f"demo-next-{instant:%Y%m%d%H%M%S}")


def _at(cast: Cast, now: datetime, days: int, at: time) -> When:
    zone = str(cast.ines.timezone)
    today = wall_clock.to_local(now, zone)[0].date()
    return When(datetime.combine(today + timedelta(days=days), at), zone)


def _post(cast: Cast, text: str, letters: str, when: When, key: str) -> Post:
    author = cast.ana if len(text) % 3 == 0 else cast.ines
    accounts = [cast.accounts[letter] for letter in letters if letter in cast.accounts]
    composed = Composed(text, accounts, when=when)
    written_at = when.instant - timedelta(days=2)
    return posts.schedule(None, cast.workspace, author, composed, now=written_at, client_key=key)


def _attach(post: Post, cast: Cast) -> None:
    alts = ("Three paper bags of coffee on a wooden shelf", "A cup of coffee seen from above")
    for position, (picture, alt) in enumerate(zip(cast.pictures, alts, strict=False)):
        post.attachments.create(media=picture, position=position, alt=alt)
