import socket
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.core import mail as outbox

from scheduler_ui.domain import mail, notices
from scheduler_ui.models import Membership, Notice, User
from tests.factories import NOW, a_membership, a_user, a_workspace

LATER = NOW + timedelta(seconds=10)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def mail_is_set(settings):
    settings.MAIL_IS_SET = True


@pytest.fixture
def person(db):
    return a_user(email="mara@example.org")


@pytest.fixture
def workspace(person):
    workspace = a_workspace(person)
    Membership.objects.update(joined_at=NOW - timedelta(days=9))
    return workspace


def tell(workspace, kind=Notice.Kind.FAILED, at=NOW, title="Not published to @harbor"):
    key = f"{kind}:{Notice.objects.count()}"
    notices.tell(kind, workspace, title=title, body="The text is too long.", event_key=key, now=at)


def subjects():
    return [message.subject for message in outbox.outbox]


def test_a_notice_is_mailed_with_its_words_and_the_persons_clock(workspace):
    tell(workspace)
    assert mail.send_waiting(LATER) == 1
    message = outbox.outbox[0]
    assert (message.to, message.subject) == (["mara@example.org"], "Not published to @harbor")
    assert message.body.splitlines()[:3] == [
        "Not published to @harbor",
        "23 Nov 2026, 09:00 (Europe/Berlin)",
        "The text is too long.",
    ]
    assert "/notices/" in message.body


def test_a_notice_is_mailed_once(workspace):
    tell(workspace)
    assert [mail.send_waiting(LATER), mail.send_waiting(LATER + MINUTE)] == [1, 0]


def test_what_comes_within_a_minute_waits_for_one_mail(workspace):
    tell(workspace)
    mail.send_waiting(LATER)
    tell(workspace, at=LATER, title="first")
    tell(workspace, at=LATER, title="second")
    assert mail.send_waiting(LATER + MINUTE / 2) == 0
    assert mail.send_waiting(LATER + MINUTE) == 1
    assert subjects() == ["Not published to @harbor", "2 notices from Punctual"]


def test_every_member_gets_their_own_mail(workspace):
    a_membership(a_user(email="tom@example.org"), workspace)
    Membership.objects.update(joined_at=NOW - timedelta(days=9))
    tell(workspace)
    assert mail.send_waiting(LATER) == 2
    assert [message.to for message in outbox.outbox] == [["mara@example.org"], ["tom@example.org"]]


@pytest.mark.parametrize(
    ("kind", "choice"),
    [
        ("failed", "mail_failed"),
        ("missed", "mail_failed"),
        ("asked", "mail_asked"),
        ("account", "mail_account"),
        ("worker", "mail_worker"),
    ],
)
def test_what_somebody_does_not_want_is_not_mailed_later_either(workspace, kind, choice):
    User.objects.update(**{choice: False})
    tell(workspace, kind)
    assert mail.send_waiting(LATER) == 0
    User.objects.update(**{choice: True})
    assert mail.send_waiting(LATER + 2 * MINUTE) == 0


def test_what_has_been_read_is_not_mailed(workspace):
    tell(workspace)
    notices.read_to(Membership.objects.get(), Notice.objects.get().pk)
    assert mail.send_waiting(LATER) == 0


def test_no_backlog_is_mailed_when_mail_is_set_at_last(workspace):
    tell(workspace, at=NOW - timedelta(days=2))
    assert mail.send_waiting(LATER) == 0


def test_a_line_break_in_a_title_cannot_make_a_header(workspace):
    tell(workspace, title="Failed\nBcc: eve@example.org")
    mail.send_waiting(LATER)
    assert subjects() == ["Failed Bcc: eve@example.org"]


def test_nothing_is_sent_while_mail_is_not_set(workspace, settings):
    settings.MAIL_IS_SET = False
    tell(workspace)
    assert mail.send_waiting(LATER) == 0
    with pytest.raises(mail.MailFailed):
        mail.send_test(User.objects.get())


class Server:
    """Keeps what it takes, and refuses the first `refusals`."""

    def __init__(self, refusals=0):
        self.refusals, self.taken = refusals, []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            self.refusals -= 1
            return "451 canary-secret is what you sent"
        self.taken.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def smtp(settings):
    server, port = Server(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield server
    controller.stop()


def test_a_mail_reaches_a_real_server(workspace, smtp):
    tell(workspace)
    assert mail.send_waiting(LATER) == 1
    [(recipients, content)] = smtp.taken
    assert recipients == ["mara@example.org"]
    assert "Subject: Not published to @harbor" in content


def test_a_mail_that_the_server_refuses_is_tried_again(workspace, smtp, caplog):
    smtp.refusals = 1
    tell(workspace)
    assert [mail.send_waiting(LATER), mail.send_waiting(LATER + MINUTE)] == [0, 1]
    assert len(smtp.taken) == 1
    assert "canary" not in caplog.text


def test_a_test_mail_that_fails_says_so_in_words(workspace, settings, smtp):
    settings.EMAIL_PORT = 9  # nobody listens
    with pytest.raises(mail.MailFailed, match=r"^The mail server did not take it \(ConnectionRefusedError\)\.$"):
        mail.send_test(User.objects.get())


def test_a_test_mail_arrives(workspace, smtp):
    mail.send_test(User.objects.get())
    assert len(smtp.taken) == 1
