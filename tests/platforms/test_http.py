"""What an HTTP outcome means, row by row, against a server that really misbehaves."""

import logging
import os
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scheduler_ui.platforms.answers import masked, retry_after
from scheduler_ui.platforms.http import Call, Http, Response, raise_for
from scheduler_ui.platforms.outcomes import Rejected, Unauthorized, Unavailable, Unconfirmed
from tests.platforms import stub as wire
from tests.platforms.stub import LOOPBACK, Reply

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHORT = timedelta(seconds=0.4)


@pytest.fixture
def server():
    with wire.stub(lambda arrival: Reply(body={"ok": True})) as server:
        yield server


@pytest.fixture
def http():
    http = Http(LOOPBACK)
    yield http
    http.close()


def post(url, **fields):
    return Call("POST", url, json={"text": "Hi"}, **{"deadline": SHORT} | fields)


def read(url, **fields):
    return post(url, is_repeatable=True, **fields)


def outcome(http, call, words=""):
    """What a simple platform makes of a call: the status first, then the body."""
    try:
        response = http.send(call)
        raise_for(response, words)
        return response.json()
    except (Rejected, Unauthorized, Unavailable, Unconfirmed) as error:
        return type(error)


def test_answer_is_read(server, http):
    assert http.send(post(server.url + "/a?b=c")).json() == {"ok": True}
    arrival = server.arrivals[0]
    assert (arrival.method, arrival.path, arrival.params, arrival.json) == ("POST", "/a", {"b": "c"}, {"text": "Hi"})


# --- Surely not sent --------------------------------------------------------------------------------------------------


def test_refused_connection_is_surely_not_sent(http):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    assert outcome(http, post(url)) is Unavailable


def test_unknown_name_is_surely_not_sent():
    def nobody(*_):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(Unavailable, match=r"nowhere.example could not be reached: Name or service not known\."):
        Http(resolver=nobody).send(post("https://nowhere.example/"))


def test_name_that_takes_too_long_is_surely_not_sent():
    def slow(_host, _port, wait):
        raise TimeoutError(f"no answer from DNS in {wait:.0f} s")

    assert outcome(Http(resolver=slow), post("https://slow.example/")) is Unavailable


def test_connection_that_is_never_made_is_surely_not_sent(http):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        began = time.monotonic()
        assert outcome(http, post(f"http://127.0.0.1:{full.getsockname()[1]}/")) is Unavailable
        assert time.monotonic() - began < 1
        for sock in waiting:
            sock.close()


def test_tls_that_fails_is_surely_not_sent(server, http):
    assert outcome(http, post(server.url.replace("http:", "https:"))) is Unavailable
    assert server.arrivals == []


def test_header_that_http_cannot_say_is_not_sent(server, http):
    for value in ("two\r\nlines", "smörgås\N{SNOWMAN}"):
        assert outcome(http, post(server.url, headers={"Authorization": value})) in {Rejected, Unavailable}
    assert server.arrivals == []


def test_text_that_utf8_cannot_say_is_refused(server, http):
    assert outcome(http, Call("POST", server.url, json={"text": "\ud800"})) is Rejected


# --- Unknown ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", sorted(set(wire.WIRE_FAULTS) - {"wrong types"}))
def test_fault_on_the_wire_is_a_lost_answer_of_a_publish_and_unavailable_for_a_read(server, http, fault):
    server.faults = [wire.WIRE_FAULTS[fault]] * 2
    began = time.monotonic()
    assert outcome(http, post(server.url)) is Unconfirmed
    assert outcome(http, read(server.url)) is Unavailable
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [201, 204])
def test_success_without_a_body_that_can_be_read_is_unknown(server, http, status):
    server.faults = [wire.says(status)]
    assert outcome(http, post(server.url)) is Unconfirmed


@pytest.mark.parametrize("status", [100 + 2, 300, 301, 303, 307, 405, 408, 409, 418, 500, 501, 502, 503, 504, 599])
def test_status_that_the_table_does_not_name_is_unknown_whatever_it_says(server, http, status):
    server.answer = lambda _: Reply(status if status >= 200 else 418, {"error": "words"})
    assert outcome(http, post(server.url), "The platform's own words.") is Unconfirmed


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_refusal_without_the_platforms_own_error_is_unknown(server, http, status):
    server.answer = lambda _: Reply(status, b"<html>proxy</html>")
    assert outcome(http, post(server.url)) is Unconfirmed


def test_drip_ends_at_the_deadline(server, http):
    server.faults = [wire.drip]
    began = time.monotonic()
    assert outcome(http, post(server.url)) is Unconfirmed
    assert 0.3 < time.monotonic() - began < 0.8


def test_body_that_is_taken_slowly_ends_at_the_deadline(server, http):
    released = threading.Event()
    server._respond = lambda sock: (sock.recv(1), released.wait(5))
    call = Call("POST", server.url, content=b"x" * 50_000_000, deadline=SHORT)
    began = time.monotonic()
    assert outcome(http, call) is Unconfirmed
    assert time.monotonic() - began < 0.9
    released.set()


def test_body_over_the_cap_is_not_read_on(server, http):
    server.faults = [wire.big]
    response = http.send(post(server.url, most_bytes=5000, deadline=timedelta(seconds=5)))
    assert (len(response.body), response.is_whole) == (5000, False)


def test_status_counts_although_the_body_was_cut_off(server, http):
    for fault in (wire.half, wire.drip_body):
        server.faults = [fault]
        response = http.send(post(server.url))
        assert (response.status, response.is_success, response.is_whole) == (200, True, False)


def test_redirect_is_not_followed(server, http):
    with wire.stub(lambda _: Reply()) as elsewhere:
        server.faults = [wire.says(307, Location=elsewhere.url)]
        assert outcome(http, post(server.url)) is Unconfirmed
        assert elsewhere.arrivals == []


# --- Surely refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, Rejected), (401, Unauthorized), (403, Rejected), (404, Rejected), (413, Rejected), (422, Rejected)],
)
def test_refusal_in_the_platforms_own_words_is_sure(server, http, status, expected):
    server.answer = lambda _: Reply(status, {"error": "No"})
    for call in (post(server.url), read(server.url)):
        response = http.send(call)
        with pytest.raises(expected, match="The platform said no") as refused:
            raise_for(response, "The platform said no.")
        assert refused.value.answer == f'{status} {response.answer.splitlines()[0][4:]}\n{{"error": "No"}}'


def test_contract_of_a_platform_narrows_a_status(server, http):
    server.answer = lambda _: Reply(410)
    with pytest.raises(Unauthorized, match="answered 410"):
        raise_for(http.send(post(server.url)), "", {410: Unauthorized})


def test_429_moves_the_account(server, http):
    server.answer = lambda _: Reply(429, b"", {"Retry-After": "90"})
    with pytest.raises(Unavailable) as slow_down:
        raise_for(http.send(post(server.url)), "")
    assert (slow_down.value.is_rate_limit, slow_down.value.retry_after) == (True, timedelta(seconds=90))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 1),
        ("21600", 21600),
        ("21601", 21600),
        ("999999999999999999999", 21600),
        ("Mon, 23 Nov 2026 09:05:00 GMT", 300),
        ("Mon, 23 Nov 2026 09:05:00 -0000", 300),
        ("Mon, 23 Nov 2026 10:05:00 +0100", 300),
        ("Tue, 24 Nov 2026 09:00:00 GMT", 21600),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 1),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 60),
        ("-5", 60),
        ("soon", 60),
        ("NaN", 60),
        ("1e9", 60),
        ("Mon, 99 Nov 2026 09:05:00 GMT", 60),
        ("", 60),
        (None, 60),
    ],
)
def test_retry_after_in_both_forms_absurd_and_absent(value, seconds):
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


# --- Warm connections -------------------------------------------------------------------------------------------------


def test_warm_connection_is_the_one_that_is_used(server, http):
    http.warm(server.url)
    assert http.send(post(server.url)).status == 200
    assert server.connections == 1
    assert http.send(post(server.url)).status == 200
    assert server.connections == 2


def test_warm_connection_that_was_hung_up_is_not_used(server, http):
    server.is_hanging_up = True
    http.warm(server.url)
    stream = http._warm.kept[1]
    while stream.is_quiet():
        time.sleep(0.005)
    server.is_hanging_up = False
    assert http.send(post(server.url)).json() == {"ok": True}
    assert server.connections == 2


def test_warm_connection_of_another_address_is_not_used(server, http):
    with wire.stub(lambda _: Reply(body={"who": "other"})) as other:
        http.warm(other.url)
        assert http.send(post(server.url)).json() == {"ok": True}
        assert [arrival.path for arrival in other.arrivals] == []


def test_warm_connection_keeps_the_calls_own_deadline(server, http):
    http.warm(server.url, wait=timedelta(seconds=0.2))
    time.sleep(0.25)
    assert http.send(post(server.url)).status == 200
    assert server.connections == 1


def test_warming_what_cannot_be_reached_is_no_matter(http):
    for url in ("https://127.0.0.1:1/", "http://10.0.0.1/", "nonsense", "https://exa mple/"):
        http.warm(url)


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), UnicodeError("label"), ValueError("port")])
def test_warming_that_breaks_is_no_matter(server, error):
    waits = []

    def broken(host, port, wait):
        waits.append(wait)
        raise error

    http = Http(LOOPBACK, resolver=broken)
    http.warm(server.url)
    assert (http._take_warm(httpx.URL(server.url)), len(waits), waits[0] <= 2) == (None, 1, True)


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for `stub.example` alone, and the file that holds it with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub.example")])
    began = datetime.now(UTC) - timedelta(days=1)
    ended = began + timedelta(days=3)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), began, ended)
    names = x509.SubjectAlternativeName([x509.DNSName("stub.example"), x509.IPAddress(ip_address("127.0.0.9"))])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = tmp_path_factory.mktemp("tls") / "stub.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(pem + key.private_bytes(encoding, form, serialization.NoEncryption()))
    return path


@pytest.fixture
def secure(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with wire.stub(lambda _: Reply(body={"ok": True}), tls) as server:
        yield server


@pytest.fixture
def secure_http(certificate):
    http = Http(LOOPBACK, lambda *_: ["127.0.0.1"], ssl.create_default_context(cafile=certificate))
    yield http
    http.close()


def test_tls_is_checked_against_the_name_at_the_judged_address(secure, secure_http):
    http = secure_http
    assert outcome(http, post(f"https://stub.example:{secure.port}/")) == {"ok": True}
    assert outcome(http, post(f"https://other.example:{secure.port}/")) is Unavailable
    assert len(secure.arrivals) == 1


def test_certificate_that_nobody_vouches_for_is_refused(secure):
    http = Http(LOOPBACK, lambda *_: ["127.0.0.1"])
    assert outcome(http, post(f"https://stub.example:{secure.port}/")) is Unavailable
    assert secure.arrivals == []


def test_warm_connection_has_spoken_tls_already(secure, secure_http):
    http = secure_http
    url = f"https://stub.example:{secure.port}/"
    http.warm(url)
    assert http._warm.kept[1].is_quiet()
    assert outcome(http, post(url, deadline=timedelta(seconds=5))) == {"ok": True}
    assert secure.connections == 1


def test_warm_tls_connection_that_was_hung_up_is_noticed(secure, secure_http):
    http = secure_http
    secure.is_hanging_up = True
    http.warm(f"https://stub.example:{secure.port}/")
    stream = http._warm.kept[1]
    while stream.is_quiet():
        time.sleep(0.005)


# --- Nothing of the environment, nothing of the secrets ---------------------------------------------------------------


def test_proxy_of_the_environment_is_not_used(server, http, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    assert outcome(http, post(server.url)) == {"ok": True}


def test_making_a_client_is_cheap():
    began = time.perf_counter()
    for _ in range(1000):
        Http()
    assert time.perf_counter() - began < 0.5


def test_masked_answer_holds_no_secret_and_is_short():
    text = "token=s3cr3t/abc s3cr3t%2Fabc eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl nul:\x00 " + "é" * 5000
    kept = masked(text, ["s3cr3t/abc", "", "s3cr3t"])
    assert kept.startswith("token=[masked] [masked] [masked] nul: éé")
    assert len(kept.encode()) <= 4000


CANARY = "c4n4ry-s3cret-value"


@pytest.mark.parametrize("fault", wire.WIRE_FAULTS)
def test_secret_is_nowhere_to_be_seen_whatever_fails(server, http, caplog, fault):
    caplog.set_level(logging.DEBUG)
    server.faults = [wire.WIRE_FAULTS[fault]]
    server.answer = lambda _: Reply(400, {"error": f"you said {CANARY}"})
    call = post(
        f"{server.url}/{CANARY}?token={CANARY}", headers={"Authorization": f"Bearer {CANARY}"}, secrets=(CANARY,)
    )
    seen = [repr(call), repr(http)]
    for _ in range(2):
        try:
            response = http.send(call)
            seen += [repr(response), response.answer]
            raise_for(response, "Words." if response.status == 400 else "")
            response.json()
        except (Rejected, Unauthorized, Unavailable, Unconfirmed) as error:
            seen += [str(error), repr(error), error.answer, repr(error.__cause__)]
    assert [text for text in [*seen, caplog.text] if CANARY in text] == []
    assert server.arrivals[0].path == f"/{CANARY}"


def test_words_of_a_failure_hold_no_secret(server, http):
    server.faults = [lambda sock, _accept: sock.sendall(f"HTTP/1.1 {CANARY}\r\n\r\n".encode())]
    for call in (
        post(server.url, secrets=(CANARY,)),
        post(server.url, headers={"Authorization": f"Bearer {CANARY}\r\n"}, secrets=(f"{CANARY}\r\n",)),
        post(f"http://127.0.0.1:{CANARY}/", secrets=(CANARY,)),
    ):
        with pytest.raises((Rejected, Unavailable, Unconfirmed)) as error:
            http.send(call)
        assert CANARY not in str(error.value)


def test_answer_with_an_unknown_status_can_be_kept():
    response = Response(Call("GET", "https://example.org"), 699, httpx.Headers(), b"\xff\x00", True, NOW)
    assert response.answer == "699\n\N{REPLACEMENT CHARACTER}"


def test_fetch_gives_bytes_or_fails(server, http):
    server.answer = lambda _: Reply(body=b"picture")
    assert http.fetch(server.url) == b"picture"
    with pytest.raises(Unavailable):
        http.fetch(server.url, most_bytes=3)
    server.answer = lambda _: Reply(404)
    with pytest.raises(Rejected):
        http.fetch(server.url)
