from argparse import ArgumentParser
from datetime import datetime
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui.domain import composing, posts
from scheduler_ui.domain.composing import Filled
from scheduler_ui.domain.posts import Composed, Refused, When
from scheduler_ui.models import Account, Post, User


class Command(BaseCommand):
    help = "Schedule a post from a script: manage.py schedule_post --as EMAIL --to HANDLE [--at 2026-11-27T09:00] TEXT"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text")
        parser.add_argument("--as", dest="email", required=True, help="e-mail of the author")
        parser.add_argument("--to", dest="handles", action="append", required=True, help="an account's handle")
        parser.add_argument("--at", help="local time, as 2026-11-27T09:00; without it the post goes out now")
        parser.add_argument("--zone", help="time zone of --at (default: the author's)")
        parser.add_argument("--key", help="the same key twice makes one post")

    def handle(self, *args: Any, **options: Any) -> None:
        author = User.objects.filter(email=options["email"].lower()).first()
        membership = author and author.memberships.select_related("workspace").order_by("id").first()
        if author is None or membership is None:
            raise CommandError(f"Nobody here signs in as {options['email']}.")
        accounts = self._accounts(membership.workspace, options["handles"])
        try:
            when = _when(options["at"], options["zone"] or str(author.timezone))
            composed = Composed(options["text"], accounts, when=when)
            post = self._schedule(Filled(None, membership.workspace, author, composed, options["key"] or ""))
        except (Refused, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{post.public_id} goes out at {post.scheduled_for:%Y-%m-%d %H:%M:%S} UTC")

    def _schedule(self, filled: Filled) -> Post:
        now, is_now = timezone.now(), filled.composed.when is None
        errors = composing.find_errors(filled, now, is_now=is_now)
        if errors:
            raise CommandError("\n".join(chain.from_iterable(errors.values())))
        arm = posts.publish_now if is_now else posts.schedule
        key = filled.client_key or None
        return arm(None, filled.workspace, filled.person, filled.composed, now=now, client_key=key)

    def _accounts(self, workspace: Any, handles: list[str]) -> list[Account]:
        accounts = []
        for handle in handles:
            found = list(Account.objects.filter(workspace=workspace, handle=handle)[:2])
            if len(found) != 1:
                raise CommandError(f"{'More than one account' if found else 'No account'} is called {handle}.")
            accounts += found
        return accounts


def _when(at: str | None, zone: str) -> When | None:
    return When(datetime.fromisoformat(at), zone) if at else None
