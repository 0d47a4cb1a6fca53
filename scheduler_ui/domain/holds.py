from scheduler_ui.models import WAITING, Account, Delivery, Hold, Post, Status


def hold_for(account: Account, post: Post | None = None) -> Hold:
    """Why a delivery to this account must wait now; the trash weighs more than the account."""
    if post is not None and post.deleted_at is not None:
        return Hold.DELETED
    if account.state != Account.State.CONNECTED:
        return Hold.RECONNECT
    return Hold.PAUSED if account.is_paused else Hold.NONE


def put(account: Account) -> int:
    """Bring what waits for the account under the hold that its state asks for now; tell how many rows changed.

    Brake and trash stay: whoever put those takes them off. What is released is offered afresh.
    """
    hold = hold_for(account)
    theirs = [Hold.BRAKE, Hold.DELETED, hold]
    rows = Delivery.objects.filter(account=account).exclude(hold_reason__in=theirs)
    held = rows.filter(status__in=WAITING).update(hold_reason=hold, queued_at=None)
    # Looking something up needs a working sign-in, but not the person's leave to publish.
    look_up = Hold.RECONNECT if hold == Hold.RECONNECT else Hold.NONE
    asked = Delivery.objects.filter(account=account, status__in=[Status.UNCONFIRMED, Status.PROCESSING])
    asked.exclude(hold_reason__in=[Hold.DELETED, look_up]).update(hold_reason=look_up, queued_at=None)
    return held
