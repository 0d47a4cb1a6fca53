"""Whose a post on the platform is, when an answer was lost and somebody looks for it there."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import MOVING, Account, Delivery, Tab


def refuse_anothers(delivery: Delivery, remote_id: str) -> None:
    """Raises Refused where that post is another delivery's, or may be: of the same words, its answer on its way.

    In a transaction, nobody else takes it for theirs before its end. A post without an id is nobody's yet.
    """
    if not remote_id:
        return
    Account.objects.select_for_update(no_key=True).values_list("pk").get(pk=delivery.account_id)
    others = Delivery.objects.filter(account=delivery.account_id).exclude(pk=delivery.pk)
    # Before the ids: who is through in between has written its own by then, and is never found in neither place.
    is_under_way = _are_under_way(others, delivery)
    if others.filter(remote_id=remote_id[:300]).exists():
        raise Refused(_("That is another post of yours. Choose the one that this is."))
    if is_under_way:
        raise Refused(_("Another post with the same words is going out just now. Look again once it is out."))


def _are_under_way(others: QuerySet[Delivery], delivery: Delivery) -> bool:
    """Whether its words are on their way as another's."""
    moving = others.filter(workspace=delivery.workspace_id, tab=Tab.PUBLISHING, status__in=MOVING)
    words = delivery.content.split()
    return any(other.content.split() == words for other in moving.select_related("post"))
