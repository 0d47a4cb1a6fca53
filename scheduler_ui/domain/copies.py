"""A post once more, as a draft to be changed: what was said and to whom, not when, and nothing of what came of it."""

from datetime import datetime

from django.db import transaction

from scheduler_ui.domain import lateness, posts
from scheduler_ui.domain.posts import Composed
from scheduler_ui.models import Account, Event, Post, User, Workspace


def duplicate(post: Post, workspace: Workspace, *, actor: User, now: datetime) -> Post:
    """A new draft with the post's text, pictures and accounts that are still connected."""
    deliveries = [
        delivery
        for delivery in post.deliveries.select_related("account").order_by("pk")
        if delivery.account.state != Account.State.DISCONNECTED
    ]
    composed = Composed(
        text=post.text,
        accounts=[delivery.account for delivery in deliveries],
        own_texts={delivery.account_id: delivery.text for delivery in deliveries if delivery.text is not None},
        media=[(attachment.media, attachment.alt) for attachment in post.attachments.select_related("media")],
        late=lateness.own_policy(post, workspace),
    )
    with transaction.atomic():
        copy = posts.save_draft(None, workspace, actor, composed)
        Event.objects.create(post=copy, actor=actor, kind="duplicated", at=now)
    return copy
