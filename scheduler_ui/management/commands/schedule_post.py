from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduler_ui.domain import posts
from scheduler_ui.domain.posts import Composed, Refused, When
from scheduler_ui.models import Account, User


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
        composed = Composed(options["text"], self._accounts(membership.workspace, options["handles"]))
        arguments: dict[str, Any] = {"now": timezone.now(), "client_key": options["key"]}
        try:
            if options["at"]:
                when = When(datetime.fromisoformat(options["at"]), options["zone"] or str(author.timezone))
                composed = Composed(composed.text, composed.accounts, when=when)
                post = posts.schedule(None, membership.workspace, author, composed, **arguments)
            else:
                post = posts.publish_now(None, membership.workspace, author, composed, **arguments)
        except (Refused, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{post.public_id} goes out at {post.scheduled_for:%Y-%m-%d %H:%M:%S} UTC")

    def _accounts(self, workspace: Any, handles: list[str]) -> list[Account]:
        accounts = []
        for handle in handles:
            found = list(Account.objects.filter(workspace=workspace, handle=handle)[:2])
            if len(found) != 1:
                raise CommandError(f"{'More than one account' if found else 'No account'} is called {handle}.")
            accounts += found
        return accounts
