"""Which addresses may be spoken to."""

import socket
import threading
from ipaddress import ip_network

import pytest

from scheduler_ui.platforms.http import Call, Http
from scheduler_ui.platforms.outcomes import Rejected, Unavailable
from scheduler_ui.platforms.targets import Forbidden, allowed, system_resolver

HOSTILE = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.0.3",
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.1.2.3",
    "private 172": "172.31.255.255",
    "private 192": "192.168.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "CGNAT": "100.64.0.1",
    "IETF": "192.0.0.8",
    "documentation": "203.0.113.9",
    "benchmarks": "198.19.255.1",
    "6to4 relay": "192.88.99.1",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "loopback 6": "::1",
    "unspecified 6": "::",
    "mapped": "::ffff:127.0.0.1",
    "mapped, in hex": "::ffff:a00:1",
    "compatible": "::127.0.0.1",
    "translated": "::ffff:0:10.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 of one's own": "64:ff9b:1::a00:1",
    "6to4": "2002:7f00:1::1",
    "Teredo": "2001:0:53aa:64c:0:0:80ff:fffe",
    "ORCHID": "2001:20::1",
    "documentation 6": "2001:db8::1",
    "documentation 6, new": "3fff::1",
    "link-local 6": "fe80::1",
    "link-local 6 with a zone": "fe80::1%eth0",
    "site-local": "fec0::1",
    "unique local": "fd00:ec2::254",
    "multicast 6": "ff02::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
}
OPEN = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e"]


@pytest.mark.parametrize("address", HOSTILE.values(), ids=HOSTILE)
def test_hostile_address_is_refused(address):
    with pytest.raises(Forbidden):
        allowed("evil.example", [address], [], is_plain=False)


@pytest.mark.parametrize("address", OPEN)
def test_public_address_is_allowed_over_tls_alone(address):
    assert allowed("example.org", [address], [], is_plain=False) == [address]
    with pytest.raises(Forbidden):
        allowed("example.org", [address], [], is_plain=True)


def test_one_hostile_address_among_public_ones_refuses_the_name():
    with pytest.raises(Forbidden, match=r"evil\.example leads to 127\.0\.0\.1"):
        allowed("evil.example", ["1.1.1.1", "127.0.0.1"], [], is_plain=False)


def test_trusted_network_is_spoken_to_without_tls():
    trusted = [ip_network("192.168.1.0/24"), ip_network("::1")]
    assert allowed("nas", ["192.168.1.5", "::1"], trusted, is_plain=True) == ["192.168.1.5", "::1"]
    with pytest.raises(Forbidden):
        allowed("nas", ["192.168.2.5"], trusted, is_plain=True)


def test_mapped_address_is_spoken_to_as_what_it_is():
    assert allowed("nas", ["::ffff:10.0.0.1"], [ip_network("10.0.0.0/8")], is_plain=True) == ["10.0.0.1"]


SPELLINGS = [
    "http://127.0.0.1/",
    "https://localhost/",
    "https://localhost./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://①②⑦.0.0.1/",
    "https://user:secret@example.org/",
    "https://1.1.1.1@127.0.0.1/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/",
    "//example.org/",
    "https://",
    "https://example.org:99999/",
    "https://exa mple.org/",
    "not a url",
    "",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_hostile_url_is_never_connected_to(url, monkeypatch):
    def connect(*_args, **_kwargs):
        raise AssertionError("connected")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises((Rejected, Unavailable)):
        Http().send(Call("GET", url))


def test_rebinding_name_is_resolved_once_and_the_judged_address_is_connected_to(monkeypatch):
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    connected = []

    def connect(address, _wait):
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    http = Http(resolver=lambda *_: next(answers))
    with pytest.raises(Unavailable):
        http.send(Call("POST", "https://rebind.example/hook"))
    assert connected == [("93.184.215.14", 443)]
    with pytest.raises(Rejected, match="leads to 127"):
        http.send(Call("POST", "https://rebind.example/hook"))
    assert len(connected) == 1


def test_system_resolver_gives_up_in_time(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: released.wait(5) and [])
    with pytest.raises(TimeoutError):
        system_resolver("slow.example", 443, 0.05)
    released.set()


def test_system_resolver_finds_this_machine():
    assert "127.0.0.1" in system_resolver("localhost", 80, 5)
