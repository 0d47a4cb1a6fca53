"""Why a delivery that could go out has not: it is not due, held, switched off, slowed down, or nobody is there."""

from django.conf import settings
from django.utils.translation import gettext as _

from scheduler_ui.domain.brakes import cap_of
from scheduler_ui.domain.clocks import span_in_words
from scheduler_ui.domain.scenes import (
    Actor,
    Reason,
    Scene,
    due,
    is_due,
    late_sentence,
    no_worker_sentence,
    platform_name,
    switched_off_sentence,
    told,
)
from scheduler_ui.models import WAITING, Delivery, Hold, Status


def scheduled(delivery: Delivery, scene: Scene) -> Reason:
    moment = scene.clock.moment(due(delivery), scene.now)
    sentence, actor = _("Goes out %(moment)s.") % {"moment": moment}, Actor.PUNCTUAL
    if is_due(delivery, scene):
        sentence = _("Due %(moment)s; it goes out next.") % {"moment": moment}
    elif _is_in_line(delivery, scene):
        sentence = _("It waits for its turn, and goes out %(moment)s.") % {"moment": moment}
    return _waiting(delivery, scene, sentence, actor)


def retrying(delivery: Delivery, scene: Scene) -> Reason:
    number, tries = delivery.tries + 1, len(settings.PUNCTUAL["retry_delays"]) + 1
    words = {"number": number, "tries": tries, "time": scene.at(due(delivery))}
    if _is_slowed(delivery, scene):
        words["platform"] = platform_name(delivery.account)
        sentence = _("Nothing went out yet: %(platform)s asked to slow down. The next try is %(time)s.") % words
    elif is_due(delivery, scene):
        sentence = _("Nothing went out yet; the next try is now.")
    elif number <= tries:
        sentence = _("Nothing went out yet; the next try, %(number)s of %(tries)s, is %(time)s.") % words
    else:
        sentence = _("Nothing went out yet; the next try is %(time)s.") % words
    return _waiting(delivery, scene, sentence, Actor.AGAIN, delivery.error)


def held(delivery: Delivery, scene: Scene) -> Reason:
    words = {"platform": platform_name(delivery.account)}
    is_sent = delivery.status not in WAITING
    sentences = {
        Hold.PAUSED: _paused_sentence(delivery),
        Hold.RECONNECT: _("%(platform)s must be connected again before the next try.") % words,
        Hold.BRAKE: _("More than %(count)s posts within an hour to this account: held until you have looked.")
        % {"count": cap_of(delivery.account)},
        Hold.REPEAT: _(
            "The same post went out to this account within a day, so Punctual asks before it sends it again."
        ),
        Hold.RESTORED: _("It may have gone out after the backup that was restored. Punctual looks before it sends it."),
        Hold.DELETED: _("It is in the trash, and will not be sent."),
    }
    steps = {
        Hold.PAUSED: _("Resume the workspace. ") if delivery.workspace.is_paused else _("Resume the account. "),
        Hold.RECONNECT: _("Reconnect the account. "),
        Hold.BRAKE: _("Send it anyway, give it a new time, or drop it. "),
        Hold.REPEAT: _("Send it anyway, give it a new time, or drop it. "),
        Hold.RESTORED: _("It goes on as soon as %(platform)s has been asked, or restore mode is ended. ") % words,
        Hold.DELETED: _("Restore it to send it, or leave it: it goes for good after 30 days."),
    }
    hold = Hold(delivery.hold_reason)
    if is_sent and hold == Hold.RECONNECT:
        may_be = _("It may be out, and %(platform)s must be connected again before Punctual can look.") % words
        return told(Actor.YOU, may_be, _("Reconnect the account."))
    rest = "" if hold == Hold.DELETED or is_sent else late_sentence(delivery)
    return told(Actor.NOBODY if hold == Hold.DELETED else Actor.YOU, sentences[hold], (steps[hold] + rest).strip())


def _paused_sentence(delivery: Delivery) -> str:
    if delivery.workspace.is_paused:
        return _("The workspace is paused. The post keeps its time, and waits.")
    return _("The account is paused. The post keeps its time, and waits.")


def _waiting(delivery: Delivery, scene: Scene, sentence: str, actor: Actor, error: str = "") -> Reason:
    """What only the machine keeps from going out; the first thing that keeps it is said first."""
    if not scene.machine.is_on:
        off = switched_off_sentence(scene.machine)
        waits = _("It waits: publishing is switched off.")
        return told(Actor.YOU, waits, _("Switch it on. ") + late_sentence(delivery), off)
    why = [error] if error else []
    if _is_slowed(delivery, scene):
        words = {"platform": platform_name(delivery.account), "time": scene.clock.point(due(delivery), scene.now)}
        why += [
            _("%(platform)s asked to slow down: all that waits for this account waits, this until %(time)s.") % words
        ]
    elif _is_in_line(delivery, scene):
        words = {"time": scene.at(delivery.scheduled_for or scene.now)}
        why += [
            _("It was due %(time)s. More is due for this account than may go out at once: each has its turn.") % words
        ]
    if not is_due(delivery, scene):
        why += [_("It is not due yet: %(span)s to go.") % {"span": span_in_words(due(delivery) - scene.now)}]
    if not scene.machine.is_beating(scene.now):
        return _unattended(delivery, scene, sentence, actor, why)
    if is_due(delivery, scene):
        why += [_at_work(delivery, scene)]
        return told(actor, sentence, _("It goes out next."), *why)
    return told(actor, sentence, _("A worker sends it then, at its second."), *why)


def _unattended(delivery: Delivery, scene: Scene, sentence: str, actor: Actor, why: list[str]) -> Reason:
    gone, start = no_worker_sentence(scene), _("Start a worker. ") + late_sentence(delivery)
    if is_due(delivery, scene):
        sentence, actor = _("It is due, and no worker is running."), Actor.YOU
    return told(actor, sentence, start, *why, gone)


def _at_work(delivery: Delivery, scene: Scene) -> str:
    if delivery.token and delivery.lease_until and delivery.lease_until > scene.now:
        return _("A worker is preparing it, until %(time)s at the latest.") % {
            "time": scene.clock.seconds(delivery.lease_until)
        }
    if delivery.queued_at:
        return _("It is due, and a worker has been woken for it.")
    return _("It is due; the next free worker takes it.")


def _is_slowed(delivery: Delivery, scene: Scene) -> bool:
    """After a 429 the whole account waits."""
    until = delivery.account.waits_until
    return until is not None and until >= due(delivery) > scene.now


def _is_in_line(delivery: Delivery, scene: Scene) -> bool:
    """After an outage, or where a platform takes only so many at a time."""
    has_turn = delivery.scheduled_for is not None and delivery.scheduled_for <= scene.now < due(delivery)
    return has_turn and delivery.status == Status.SCHEDULED and not _is_slowed(delivery, scene)
