"""In words: how a delivery stands, who acts, what happens next, and why it has not gone out."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _

from scheduler_ui.domain import waits
from scheduler_ui.domain.clocks import span_in_words
from scheduler_ui.domain.lateness import policy_of
from scheduler_ui.domain.scenes import Actor, Reason, Scene, due, no_worker_sentence, platform_name, told
from scheduler_ui.models import WAITING, Account, Delivery, Post, Status


def explain(delivery: Delivery, scene: Scene) -> Reason:
    """How one delivery stands; reads its account, post and workspace, which the caller has joined."""
    if delivery.hold_reason and delivery.status in WAITING | {Status.UNCONFIRMED, Status.PROCESSING}:
        return waits.held(delivery, scene)
    return _BY_STATUS[Status(delivery.status)](delivery, scene)


def explain_draft(post: Post) -> Reason:
    """A post without deliveries: it lacks an account, and often a time."""
    lacks = _("an account") if post.scheduled_for else _("an account and a time")
    return told(
        Actor.NOBODY, _("Not scheduled. It goes nowhere until you give it %(lacks)s.") % {"lacks": lacks}, _finish()
    )


def lateness(delivery: Delivery) -> str:
    """`It is out, 0.04 s after its time.`"""
    if not delivery.sent_at or not delivery.scheduled_for:
        return _("It is out.")
    late = max(delivery.sent_at - delivery.scheduled_for, timedelta())
    words = {"span": span_in_words(late)}
    if late >= timedelta(minutes=1):
        return _("It is out, late by %(span)s.") % words
    return _("It is out, %(span)s after its time.") % words


def _draft(delivery: Delivery, scene: Scene) -> Reason:
    if delivery.scheduled_for is None:
        sentence = _("Not scheduled. It goes nowhere until you give it a time.")
    else:
        sentence = _("Not scheduled. It has a time, and goes nowhere until you schedule it.")
    return told(Actor.NOBODY, sentence, _finish())


def _publishing(delivery: Delivery, scene: Scene) -> Reason:
    sentence = _("Going out now; it can no longer be changed.")
    if delivery.lease_until and delivery.lease_until <= scene.now:
        why = _("The worker that was sending it has stopped, so it may be out or not.")
        if not scene.machine.is_beating(scene.now):
            return told(
                Actor.YOU, why, _("Start a worker: it finds out whether it is out."), why, no_worker_sentence(scene)
            )
        return told(Actor.PUNCTUAL, why, _("Punctual finds out whether it is out."))
    words = {"platform": platform_name(delivery.account)}
    until = _("An answer comes, or is given up, by %(time)s.") % {
        "time": scene.clock.seconds(delivery.lease_until or scene.now)
    }
    return told(
        Actor.PUNCTUAL, sentence, until, _("A worker is sending it and awaits the answer of %(platform)s.") % words
    )


def _processing(delivery: Delivery, scene: Scene) -> Reason:
    words = {"platform": platform_name(delivery.account)}
    sentence = _("%(platform)s has it and is still working on it; not public yet.") % words
    return told(Actor.PUNCTUAL, sentence, _("Asked again %(time)s.") % {"time": scene.at(due(delivery))})


def _published(delivery: Delivery, scene: Scene) -> Reason:
    return Reason(lateness(delivery), Actor.DONE)


def _unconfirmed(delivery: Delivery, scene: Scene) -> Reason:
    words = {"platform": platform_name(delivery.account)}
    twice = _("Sending it again could post it twice.")
    if delivery.due_at is None:
        sentence = _("It may be out: the answer of %(platform)s was lost. Look, then say which.") % words
        if delivery.marked_at is None and delivery.error:
            # Never sent by this database's own account: it says itself why it asks.
            sentence = _("%(why)s Look, then say which.") % {"why": delivery.error}
        return told(Actor.YOU, sentence, _("Nothing by itself: you say whether it is there."), twice)
    sentence = _("It may be out: the answer of %(platform)s was lost. Punctual is finding out.") % words
    if not scene.machine.is_beating(scene.now):
        return told(Actor.YOU, sentence, _("Start a worker: it looks."), twice, no_worker_sentence(scene))
    return told(Actor.PUNCTUAL, sentence, _("Looked for %(time)s.") % {"time": scene.at(delivery.due_at)}, twice)


def _failed(delivery: Delivery, scene: Scene) -> Reason:
    error = delivery.error or _("%(platform)s refused it.") % {"platform": platform_name(delivery.account)}
    if delivery.account.state == Account.State.DISCONNECTED:
        return told(
            Actor.ENDED, error, _("Nothing by itself: its account is disconnected. Connect it again, then retry.")
        )
    if delivery.account.state != Account.State.CONNECTED:
        return told(Actor.ENDED, error, _("Reconnect the account, then retry."))
    return told(Actor.ENDED, error, _("Nothing by itself: mend it or retry it."))


def _missed(delivery: Delivery, scene: Scene) -> Reason:
    policy = policy_of(delivery.post, delivery.workspace)
    late = span_in_words(timedelta(minutes=policy.minutes))
    due = scene.at(delivery.scheduled_for or scene.now)
    words = {"time": due, "late": late}
    if delivery.is_skipped:
        skipped = (
            _("Skipped, as its late policy says: it could not go out %(time)s, and is over %(late)s late.") % words
        )
        return told(Actor.ENDED, skipped, _("Nothing by itself: you may still send it, or give it a new time."))
    sentence = _("Not sent: no worker sent it %(time)s, and it is over %(late)s late. Send it now?") % words
    why = _("None ran then, publishing was switched off, or the account was held.")
    return told(Actor.YOU, sentence, _("Nothing by itself: send it now, give it a new time, or drop it."), why)


def _canceled(delivery: Delivery, scene: Scene) -> Reason:
    return told(
        Actor.NOBODY,
        _("Canceled; it is kept here and will not be sent."),
        _("Nothing. You may schedule it again."),
    )


def _finish() -> str:
    return _("Finish it, then schedule it.")


_BY_STATUS: dict[Status, Callable[[Delivery, Scene], Reason]] = {
    Status.DRAFT: _draft,
    Status.SCHEDULED: waits.scheduled,
    Status.PUBLISHING: _publishing,
    Status.PROCESSING: _processing,
    Status.PUBLISHED: _published,
    Status.RETRYING: waits.retrying,
    Status.UNCONFIRMED: _unconfirmed,
    Status.FAILED: _failed,
    Status.MISSED: _missed,
    Status.CANCELED: _canceled,
}
