"""What an empty workspace is told: three steps to the first post, while nobody has written one."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from scheduler_ui.domain import examples
from scheduler_ui.models import Account, Membership, Post
from scheduler_ui.platforms import registry


@dataclass(frozen=True)
class Network:
    """A platform that can be connected; one click is enough where nothing must be typed."""

    slug: str
    name: str
    text: str
    is_one_click: bool


@dataclass(frozen=True)
class Steps:
    has_account: bool
    has_mail: bool
    has_examples: bool
    networks: list[Network]

    @property
    def done(self) -> int:
        return self.has_account + self.has_mail


def look(member: Membership, accounts: Iterable[Account]) -> Steps | None:
    """None once somebody has written a post of their own, or when the member has hidden them."""
    posts = Post.objects.filter(workspace=member.workspace, deleted_at=None)
    kinds = set(posts.values_list("is_example", flat=True).distinct())
    if False in kinds or member.has_hidden_steps:
        return None
    own = [account for account in accounts if account.is_connected and account.remote_id != examples.REMOTE_ID]
    return Steps(bool(own), bool(settings.MAIL_IS_SET), True in kinds, _networks())


def _networks() -> list[Network]:
    return [
        Network(
            platform.slug,
            platform.name,
            _(platform.description),
            not any(field.is_required for field in platform.connect_fields),
        )
        for platform in registry.PLATFORMS.values()
    ]
