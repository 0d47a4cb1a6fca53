from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from scheduler_ui.models import WAITING, Account, Delivery, Hold, Post, Status, Tab, Workspace

# A person has to look before it goes on.
BRAKES = (Hold.BRAKE, Hold.REPEAT)
# Whoever put one of these takes it off again; neither a pause nor a resume touches it.
OTHERS = (Hold.BRAKE, Hold.REPEAT, Hold.RESTORED, Hold.DELETED)


def hold_for(account: Account, post: Post | None = None) -> Hold:
    """Why a delivery to this account must wait now; trash weighs most, and a lost account more than a pause."""
    if post is not None and post.deleted_at is not None:
        return Hold.DELETED
    if account.state != Account.State.CONNECTED:
        return Hold.RECONNECT
    # Whoever arms has locked the account first: the workspace is not paused in between (pauses.pause).
    return Hold.PAUSED if account.is_paused or account.workspace.is_paused else Hold.NONE


def hold_now(account_id: int, post: Post) -> Hold:
    """The same as it stands, and until the caller's transaction ends.

    One that is not put yet is put before the next send; one put after it was lifted would never be taken off again.
    """
    hold = hold_for(Account.objects.get(pk=account_id), post)
    if not hold:
        return hold
    # Whoever lifts one has written or locked one of these two rows first.
    post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    return hold_for(Account.objects.select_for_update(no_key=True).get(pk=account_id), post)


def put(account: Account) -> int:
    """Bring what waits for the account under the hold that its state asks for now; tell how many rows changed.

    What is released is offered afresh.
    """
    hold = hold_for(account)
    # By their tabs an index finds them among all that the account ever had; a sender may wait for this to be written.
    mine = Delivery.objects.filter(workspace=account.workspace_id, account=account)
    waiting = mine.filter(tab__in=[Tab.UPCOMING, Tab.RETRYING]).exclude(hold_reason__in=[*OTHERS, hold])
    held = waiting.update(**turned_to(hold))
    # Looking something up needs a working sign-in, but not the person's leave to publish.
    look_up = Hold.RECONNECT if hold == Hold.RECONNECT else Hold.NONE
    asked = mine.filter(tab__in=[Tab.PUBLISHING, Tab.NEEDS_YOU], status__in=[Status.UNCONFIRMED, Status.PROCESSING])
    asked.exclude(hold_reason__in=[Hold.DELETED, look_up]).update(hold_reason=look_up, queued_at=None)
    return held


def put_for_workspace(workspace: Workspace) -> int:
    """The same for all that waits in a workspace, as its pause asks for now; tell how many rows changed.

    The caller has locked the workspace's accounts, as whoever arms a delivery does: nothing is armed in between.
    """
    waiting = Delivery.objects.filter(workspace=workspace, status__in=WAITING)
    if workspace.is_paused:
        return waiting.filter(hold_reason=Hold.NONE).update(hold_reason=Hold.PAUSED, queued_at=None)
    free = waiting.filter(hold_reason=Hold.PAUSED, account__is_paused=False, account__state=Account.State.CONNECTED)
    return free.update(**turned_to(Hold.NONE))


def turned_to(hold: Hold) -> dict[str, Any]:
    """What rows are given with another hold. When it goes they are offered afresh, and keep what held them too long."""
    if hold:
        return {"hold_reason": hold, "queued_at": None}
    kept = Case(When(due_at__lt=Now(), then=F("hold_reason")), default=Value(Hold.NONE.value))
    return {"hold_reason": Hold.NONE, "held_for": kept, "queued_at": None}
