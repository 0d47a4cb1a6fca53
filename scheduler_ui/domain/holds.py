from scheduler_ui.models import Account, Hold, Post


def hold_for(account: Account, post: Post | None = None) -> Hold:
    """Why a delivery to this account must wait now; the trash weighs more than the account."""
    if post is not None and post.deleted_at is not None:
        return Hold.DELETED
    if account.state != Account.State.CONNECTED:
        return Hold.RECONNECT
    return Hold.PAUSED if account.is_paused else Hold.NONE
