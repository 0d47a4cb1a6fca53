"""Rows for tests: plain functions with defaults that are valid together."""

import itertools
from datetime import UTC, datetime, timedelta

from scheduler_ui.models import Account, Delivery, Membership, Post, Role, Status, User, Workspace

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def a_user(**fields) -> User:
    number = next(_numbers)
    fields = {"email": f"person{number}@example.org", "name": f"Person {number}", "timezone": "Europe/Berlin"} | fields
    return User.objects.create_user(fields.pop("email"), fields.pop("password", PASSWORD), **fields)


def a_workspace(*members: User, **fields) -> Workspace:
    workspace = Workspace.objects.create(**{"name": "Harbor Coffee", "timezone": "Europe/Berlin"} | fields)
    for member in members:
        a_membership(member, workspace)
    return workspace


def a_membership(user: User, workspace: Workspace, role: str = Role.OWNER) -> Membership:
    return Membership.objects.create(user=user, workspace=workspace, role=role)


def an_account(workspace: Workspace, **fields) -> Account:
    number = next(_numbers)
    defaults = {"platform": "rehearsal", "remote_id": f"remote-{number}", "handle": f"@harbor{number}"}
    return Account.objects.create(workspace=workspace, **defaults | {"colour": number % 12 + 1} | fields)


def a_post(workspace: Workspace, *accounts: Account, **fields) -> Post:
    """A post at `scheduled_for` (default: an hour after NOW) with one delivery of `status` to each account."""
    status = fields.pop("status", Status.SCHEDULED)
    at = fields.setdefault("scheduled_for", NOW + timedelta(hours=1))
    if at is not None:
        fields.setdefault("local_time", at.replace(tzinfo=None))
    fields.setdefault("is_draft", not accounts or status == Status.DRAFT)
    post = Post.objects.create(workspace=workspace, **{"text": "Winter roast is back on Friday"} | fields)
    for account in accounts:
        a_delivery(post, account, status=status)
    return post


def a_delivery(post: Post, account: Account, **fields) -> Delivery:
    status = fields.setdefault("status", Status.SCHEDULED)
    fields.setdefault("scheduled_for", post.scheduled_for)
    if status in {Status.SCHEDULED, Status.RETRYING, Status.PUBLISHING, Status.PROCESSING}:
        fields.setdefault("due_at", fields["scheduled_for"])
    if status == Status.PUBLISHING:
        fields.setdefault("token", f"token-{next(_numbers)}")
        fields.setdefault("lease_until", fields["due_at"] + timedelta(seconds=30))
    return Delivery.objects.create(workspace=post.workspace, post=post, account=account, **fields)
