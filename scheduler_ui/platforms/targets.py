"""Which addresses may be spoken to: a name is resolved once, and every address of it must be public or trusted."""

import queue
import socket
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# Name, port and seconds to wait in; numeric addresses out, best first. Raises OSError.
Resolver = Callable[[str, int, float], list[str]]

# `ipaddress` calls some of these global, and its opinion changes with Python's version.
CLOSED_4 = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
]
# Only what is handed out to networks is open, and of that nothing that carries an IPv4 address or a tunnel inside:
# NAT64, 6to4, Teredo, mapped and compatible addresses could all end at this machine.
OPEN_6 = ip_network("2000::/3")
CLOSED_6 = [ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")]


class Forbidden(Exception):
    """An address that we do not speak to; the message is a sentence for a person."""


def allowed(host: str, addresses: Iterable[str], trusted: Iterable[Network], *, is_plain: bool) -> list[str]:
    """The addresses to connect to, all of them judged. Raises Forbidden.

    `is_plain`: no TLS, which is for trusted networks alone.
    """
    trusted = tuple(trusted)
    judged = [_unmapped(text) for text in addresses]
    for address in judged:
        is_ours = any(address in network for network in trusted if network.version == address.version)
        if not is_ours and not is_public(address):
            where = f"{host} leads to {address}, which" if host != str(address) else host
            raise Forbidden(f"{where} is not public, and no network of ALLOW_PRIVATE_TARGETS holds it.")
        if is_plain and not is_ours:
            raise Forbidden(f"{host} may only be spoken to over https: it is not in ALLOW_PRIVATE_TARGETS.")
    return [str(address) for address in judged]


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_4)
    return address in OPEN_6 and not any(address in network for network in CLOSED_6)


def system_resolver(host: str, port: int, wait: float) -> list[str]:
    """Ask the system in a thread of its own: it keeps no deadline, and there is no way to interrupt it."""
    answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_resolve, args=(host, port, answers), daemon=True, name="resolver").start()
    try:
        answer = answers.get(timeout=wait)
    except queue.Empty:
        raise TimeoutError(f"no answer from DNS in {wait:.0f} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _resolve(host: str, port: int, answers: "queue.SimpleQueue[list[str] | OSError]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
    except OSError as error:
        answers.put(error)
    except UnicodeError:
        answers.put(OSError("not a name"))


def _unmapped(text: str) -> Address:
    """`::ffff:10.0.0.1` is 10.0.0.1 and is judged, and spoken to, as that."""
    address = ip_address(text)
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
