"""Notices by mail: what somebody has not read yet, in one mail a minute at most."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from scheduler_ui.domain import notices, one_tap
from scheduler_ui.models import Membership, Notice, User

logger = logging.getLogger(__name__)

# Nobody wants the backlog of a year on the day on which mail is set.
TOO_OLD = timedelta(days=1)
# A minute, less what a minute's beat may be early.
APART = timedelta(seconds=50)
# A notice with a smaller number may still be on its way to being committed.
SETTLED = timedelta(seconds=5)

CHOICES = {
    Notice.Kind.FAILED: "mail_failed",
    Notice.Kind.MISSED: "mail_failed",
    Notice.Kind.ASKED: "mail_asked",
    Notice.Kind.ACCOUNT: "mail_account",
    Notice.Kind.WORKER: "mail_worker",
    Notice.Kind.MOVED: "mail_asked",
    Notice.Kind.HELD: "mail_asked",
    Notice.Kind.DIGEST: "mail_failed",
    Notice.Kind.CLOCK: "mail_worker",
}


class MailFailed(Exception):
    """The mail server did not take it; `str()` is a sentence for a person."""


def send_waiting(now: datetime) -> int:
    """Mail everybody what waits for them; tell how many mails went out. A mail that fails is tried again."""
    if not settings.MAIL_IS_SET:
        return 0
    waiting = Membership.objects.filter(
        user__is_active=True,
        workspace__notices__id__gt=F("notices_mailed_to"),
        workspace__notices__created_at__range=(now - TOO_OLD, now - SETTLED),
    )
    members = waiting.select_related("user", "workspace").order_by("user_id").distinct()
    return sum(_send_to(user, list(theirs), now) for user, theirs in groupby(members, key=lambda m: m.user))


def send_test(user: User) -> None:
    """Raises MailFailed."""
    if not settings.MAIL_IS_SET:
        raise MailFailed(_("Mail is not set: EMAIL_URL is empty."))
    body = _("Mail from Punctual reaches you. This is how you will be told when a post needs you.")
    _deliver(_("Punctual: a test mail"), body, user)


def _send_to(user: User, members: list[Membership], now: datetime) -> int:
    mine = User.objects.filter(Q(mailed_at__isnull=True) | Q(mailed_at__lte=now - APART), pk=user.pk)
    if mine.update(mailed_at=now) != 1:
        return 0
    # Read again now that nobody else sends: another worker may just have sent all this.
    members = list(Membership.objects.filter(pk__in=[m.pk for m in members]).select_related("user", "workspace"))
    told = [notice for member in members for notice in _untold(member, now)]
    wanted = [notice for notice in told if getattr(user, CHOICES[Notice.Kind(notice.kind)])]
    try:
        if wanted:
            _deliver(_subject(wanted), _body(wanted, user), user)
    except MailFailed:
        return 0
    _move_cursors(members, told)
    return 1 if wanted else 0


def _untold(member: Membership, now: datetime) -> list[Notice]:
    fresh = notices.unread(member).filter(id__gt=member.notices_mailed_to)
    fresh = fresh.filter(created_at__range=(now - TOO_OLD, now - SETTLED)).select_related(
        "workspace", "delivery__account", "delivery__post"
    )
    return list(fresh.order_by("id"))


def _move_cursors(members: Iterable[Membership], told: list[Notice]) -> None:
    for member in members:
        theirs = [notice.pk for notice in told if notice.workspace_id == member.workspace_id]
        cursor = max([member.notices_mailed_to, member.notices_read_to, *theirs])
        Membership.objects.filter(pk=member.pk).update(notices_mailed_to=cursor)


def _subject(wanted: list[Notice]) -> str:
    if len(wanted) == 1:
        return " ".join(wanted[0].title.split())
    return _("%(count)s notices from Punctual") % {"count": len(wanted)}


def _body(wanted: list[Notice], user: User) -> str:
    words = {
        "told": [(notice, _answers(notice, user)) for notice in wanted],
        "user": user,
        "has_many_workspaces": len({notice.workspace_id for notice in wanted}) > 1,
        "url": settings.BASE_URL + reverse("notices"),
    }
    return render_to_string("notices/mail.txt", words)


def _answers(notice: Notice, user: User) -> dict[str, str]:
    """What may be answered from the mail itself."""
    if notice.kind != Notice.Kind.ASKED or notice.delivery is None:
        return {}
    return one_tap.links(notice.delivery, user)


def _deliver(subject: str, body: str, user: User) -> None:
    try:
        EmailMessage(subject, body, to=[user.email]).send()
    except (SMTPException, OSError) as error:
        # The server's answer may quote our password; its class says enough.
        logger.warning("a mail could not be sent: %s", type(error).__name__)
        raise MailFailed(_("The mail server did not take it (%s).") % type(error).__name__) from None
