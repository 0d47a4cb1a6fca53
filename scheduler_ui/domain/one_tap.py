"""Answering from a mail: a signed link that carries one question, one answer and whose it is, and no other power.

It works signed out, for it is read on a phone in a hurry. It is good for one lost answer of one delivery: once that
has been answered, or another answer was lost, it answers nothing. Looking at it changes nothing (mail scanners do);
the page behind it asks once more and posts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from scheduler_ui.domain import deliveries
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Attempt, Delivery, Membership, Status, User

SALT = "one-tap"
GOOD_FOR = timedelta(days=3)


class Answer(TextChoices):
    THERE = "there", _("It is there")
    ABSENT = "absent", _("It is not there: send again")


class Invalid(Exception):
    """Not ours, too old, or of somebody who may no longer answer."""


@dataclass(frozen=True)
class Question:
    """Who is asked what; `is_open` tells whether it still waits for an answer."""

    delivery: Delivery
    actor: User
    answer: Answer
    is_open: bool


def links(delivery: Delivery, actor: User) -> dict[str, str]:
    """The address of each answer to a delivery that asks; nothing for one that does not."""
    if not _asks(delivery):
        return {}
    asked = _sends(delivery)
    said = {answer: [delivery.public_id, asked, actor.public_id, answer.value] for answer in Answer}
    return {
        answer.value: settings.BASE_URL + reverse("one_tap", args=[signing.dumps(words, salt=SALT)])
        for answer, words in said.items()
    }


def read(token: str) -> Question:
    """Raises Invalid."""
    try:
        delivery_id, asked, person_id, answer = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature as error:
        raise Invalid from error
    delivery = Delivery.objects.filter(public_id=delivery_id, post__deleted_at=None)
    found = delivery.select_related("account", "post", "workspace").first()
    member = found and Membership.objects.filter(
        workspace=found.workspace_id, user__public_id=person_id, user__is_active=True
    )
    person = member and member.select_related("user").first()
    if not found or not person:
        raise Invalid
    return Question(found, person.user, Answer(answer), is_open=_asks(found) and _sends(found) == asked)


def take(question: Question, now: datetime) -> None:
    """Do what was answered. Raises Refused when somebody was faster."""
    if not question.is_open:
        raise Refused(str(_("This has been answered already.")))
    if question.answer == Answer.THERE:
        deliveries.confirm_there(question.delivery, "", actor=question.actor, now=now)
    else:
        deliveries.confirm_absent(question.delivery, actor=question.actor, now=now)


def _asks(delivery: Delivery) -> bool:
    return delivery.status == Status.UNCONFIRMED and delivery.due_at is None


def _sends(delivery: Delivery) -> int:
    """A lost answer is the last of so many sends."""
    return delivery.attempts.filter(kind=Attempt.Kind.SEND).count()
