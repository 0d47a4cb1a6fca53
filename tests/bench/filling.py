"""Posts for the bench's network, written as the pages would leave them."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime

from scheduler_ui.models import Account, Delivery, Membership, Post, Status, User, Workspace

AT_ONCE = 500


def accounts(name: str, number: int, platform: str = "bench") -> list[Account]:
    """So many accounts of one new workspace, each with the installation's brake."""
    user = User.objects.create_user(f"{name}@example.org", None, timezone="UTC")
    workspace = Workspace.objects.create(name=name)
    Membership.objects.create(user=user, workspace=workspace)
    return [
        Account.objects.create(
            workspace=workspace, platform=platform, remote_id=f"{name}{count}", handle=f"{name}{count}"
        )
        for count in range(number)
    ]


def schedule(to: list[Account], dues: Mapping[int, float]) -> None:
    """One post and one delivery for each number, due at its moment (Unix seconds), the accounts in turn."""
    posts = [_post(to[0].workspace_id, number, datetime.fromtimestamp(due, UTC)) for number, due in dues.items()]
    written = Post.objects.bulk_create(posts, batch_size=AT_ONCE)
    Delivery.objects.bulk_create(
        (_delivery(post, account) for post, account in zip(written, itertools.cycle(to), strict=False)),
        batch_size=AT_ONCE,
    )


def _delivery(post: Post, account: Account) -> Delivery:
    return Delivery(
        workspace_id=post.workspace_id,
        post=post,
        account=account,
        status=Status.SCHEDULED,
        scheduled_for=post.scheduled_for,
        due_at=post.scheduled_for,
    )


def _post(workspace_id: int, number: int, at: datetime) -> Post:
    return Post(
        workspace_id=workspace_id,
        text=f"Winter roast is back on Friday. First fifty bags come with a tasting card. {number}",
        local_time=at.replace(tzinfo=None),
        scheduled_for=at,
        is_draft=False,
    )
