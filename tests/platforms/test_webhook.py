"""Signed events, and receivers of every temper."""

import base64
import json
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier

from scheduler_ui.platforms.outcomes import ConnectError, Rejected, Unauthorized, Unavailable, Unconfirmed
from scheduler_ui.platforms.webhook import MOST_BYTES, Webhook
from tests.platforms import cases, stub
from tests.platforms.cases import a_content, an_image
from tests.platforms.stub import Reply

SECRET = "whsec_" + base64.b64encode(b"c4n4ry-secret-of-thirty-two-byte").decode()


class Receiver:
    """Checks signatures and drops ids that it has seen, as the contract says."""

    def __init__(self, secret):
        self.secret = secret
        self.events = {}

    def answer(self, arrival):
        event = Verifier(self.secret).verify(arrival.body, arrival.headers)
        self.events.setdefault(arrival.headers["webhook-id"], event)
        return Reply(200, b"thanks")


class Case(cases.Case):
    platform = Webhook
    speaks_http = True
    wrong_form = {"url": "https://10.0.0.8/hook"}
    secrets = (SECRET, SECRET.removeprefix("whsec_"), "p4th-s3cret")

    def __init__(self):
        super().__init__()
        self.receiver = Receiver(SECRET)
        self.server = stub.Stub(self.receiver.answer)
        self.form = {"url": f"{self.server.url}/hooks/p4th-s3cret", "secret": SECRET, "name": "Harbor dev"}

    def events(self):
        return [event for event in self.receiver.events.values() if event["type"] == "post.published"]

    def posts(self):
        return [event["data"]["text"] for event in self.events()]

    def lose_next_answer(self, platform):
        self.server.faults = [stub.reset_after]


@pytest.fixture
def case():
    case = Case()
    yield case
    case.close()


@pytest.fixture
def webhook(case):
    return case.open()


def publish(webhook, content=None, key="key-1"):
    return webhook.publish(webhook.freeze(content or a_content(), {}, key), key)


def test_event_is_what_standard_webhooks_says(case, webhook):
    publish(webhook, a_content("Grüße 👋", an_image()), "key-7")
    assert case.events() == [
        {
            "type": "post.published",
            "timestamp": "2026-11-23T09:00:00.000Z",
            "data": {
                "id": "p1",
                "text": "Grüße 👋",
                "media": [
                    {
                        "url": "https://punctual.example/media/m1/cup.png",
                        "type": "image/png",
                        "alt": "a teal cup",
                        "width": 64,
                        "height": 48,
                    }
                ],
                "scheduled_for": "2026-11-23T09:00:00.000Z",
            },
        }
    ]
    sent = case.server.arrivals[-1]
    assert (sent.method, sent.headers["webhook-id"], sent.headers["content-type"]) == (
        "POST",
        "key-7",
        "application/json",
    )


def test_event_sent_again_has_the_same_id_and_bytes_and_is_signed_anew(case, webhook):
    publish(webhook)
    publish(webhook)
    first, second = case.server.arrivals[-2:]
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert len(case.events()) == 1


def test_frozen_body_does_not_hold_the_address(case, webhook):
    assert "p4th-s3cret" not in json.dumps(webhook.freeze(a_content(), {}, "k"))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, Rejected),
        (308, Rejected),
        (400, Rejected),
        (401, Unauthorized),
        (403, Rejected),
        (404, Rejected),
        (408, Unconfirmed),
        (409, Unconfirmed),
        (410, Unauthorized),
        (413, Rejected),
        (415, Rejected),
        (422, Rejected),
        (425, Unconfirmed),
        (429, Unavailable),
        (500, Unconfirmed),
        (502, Unconfirmed),
        (503, Unconfirmed),
        (504, Unconfirmed),
    ],
)
def test_receivers_status_means(case, webhook, status, expected):
    case.server.answer = lambda _: Reply(status, b"words", {"Location": "http://127.0.0.1:1/", "Retry-After": "90"})
    with pytest.raises(expected) as error:
        publish(webhook)
    assert type(error.value) is expected
    assert error.value.answer.startswith(str(status))
    if expected is Unavailable:
        assert (error.value.retry_after, error.value.is_rate_limit) == (timedelta(seconds=90), True)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
@pytest.mark.parametrize("fault", [None, stub.half, stub.big, stub.drip_body])
def test_any_success_is_done_whatever_the_body_says(case, webhook, status, fault):
    case.tools.http.patience = timedelta(seconds=0.4)
    case.server.answer = lambda _: Reply(status, b"" if status == 204 else b"<html>fine</html>")
    case.server.faults = [fault] if fault else []
    assert publish(webhook).remote_id == "key-1"


def test_connecting_sends_a_signed_ping(case):
    found = case.connect()
    assert [event["type"] for event in case.receiver.events.values()] == ["punctual.ping"]
    assert (found.profile.handle, found.profile.name, found.show_once) == ("127.0.0.1", "Harbor dev", None)


def test_secret_that_is_made_is_shown_once_and_kept(case):
    case.server.answer = lambda _: Reply(401, b"who are you?")
    found = Webhook.connect({"url": case.form["url"]}, case.tools)
    label, secret = found.show_once
    assert (label, found.secrets["secret"]) == ("Signing secret", secret)
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret not in repr(found)


def test_receiver_that_does_not_know_the_given_secret_is_told(case):
    case.server.answer = lambda _: Reply(401, b"bad signature")
    with pytest.raises(ConnectError, match="does not accept the signature") as refusal:
        case.connect()
    assert refusal.value.field == "secret"


@pytest.mark.parametrize("status", [404, 410, 500, 302])
def test_address_that_answers_otherwise_is_not_connected(case, status):
    case.server.answer = lambda _: Reply(status)
    with pytest.raises(ConnectError):
        Webhook.connect({"url": case.form["url"]}, case.tools)


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64", "whsec_" + "A" * 200])
def test_secret_that_is_none_is_refused_before_anything_is_sent(case, secret):
    with pytest.raises(ConnectError) as refusal:
        Webhook.connect(case.form | {"secret": secret}, case.tools)
    assert (refusal.value.field, case.server.arrivals) == ("secret", [])


@pytest.mark.parametrize(
    "url", ["", "example.org", "https://", "ftp://example.org", "http://example.org:x/", "javascript:1"]
)
def test_address_that_is_none_is_refused(case, url):
    with pytest.raises(ConnectError) as refusal:
        Webhook.connect(case.form | {"url": url}, case.tools)
    assert refusal.value.field == "url"


def test_event_that_is_too_long_is_said_before(webhook):
    assert webhook.check(a_content("x" * (MOST_BYTES - 500))) == []
    assert [problem.field for problem in webhook.check(a_content("é" * (MOST_BYTES // 2)))] == ["text"]


def test_receiver_that_repeats_our_secrets_does_not_bring_them_into_what_is_kept(case, webhook):
    echo = f"no {case.form['url']}, no /hooks/p4th-s3cret, no {SECRET}"
    case.server.answer = lambda _: Reply(404, echo.encode())
    with pytest.raises(Rejected) as error:
        publish(webhook)
    assert error.value.answer == "404 Not Found\nno [masked], no /[masked], no [masked]"
