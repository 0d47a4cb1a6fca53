from django import template

from scheduler_ui.domain import actions, notices
from scheduler_ui.domain.actions import Action
from scheduler_ui.models import Delivery, Notice

register = template.Library()

LOOKS = {
    Notice.Kind.FAILED: ("s-bad", "triangle-alert"),
    Notice.Kind.MISSED: ("s-bad", "clock-alert"),
    Notice.Kind.ASKED: ("s-warn", "circle-question-mark"),
    Notice.Kind.ACCOUNT: ("s-bad", "unplug"),
    Notice.Kind.WORKER: ("s-bad", "heart-pulse"),
    Notice.Kind.MOVED: ("s-warn", "calendar-clock"),
    Notice.Kind.HELD: ("s-warn", "pause"),
    Notice.Kind.DIGEST: ("s-warn", "history"),
    Notice.Kind.CLOCK: ("s-warn", "clock-alert"),
}


@register.filter
def is_answered(notice: Notice) -> bool:
    return notices.is_answered(notice)


@register.filter
def answers(delivery: Delivery) -> list[Action]:
    """What may be decided with one press, without a form."""
    return [action for action in actions.of_delivery(delivery) if action != Action.RESCHEDULE]


@register.filter
def tone(notice: Notice) -> str:
    return LOOKS[Notice.Kind(notice.kind)][0]


@register.filter
def notice_icon(notice: Notice) -> str:
    return LOOKS[Notice.Kind(notice.kind)][1]
