"""What a network's answers can do: rows 12 to 17."""

import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from tests.faults.plan import row
from tests.faults.rows import KINDS
from tests.faults.stage import Net, Stage, now, soon
from tests.rig import processes

MEGABYTE = 1024 * 1024
ON_THE_WAY = timedelta(seconds=3)
# Five minutes and a tenth; then a tick, and the send itself.
LONGEST_RETRY = 330 + 5
HTML = "<!doctype html><title>502 Bad Gateway</title><h1>nginx</h1>"


@row(12, "429 with Retry-After in seconds, as a date, absurd, absent", cores=0.1, seconds=85)
def slow_down(stage: Stage) -> None:
    net = stage.net()
    stage.worker()
    at = soon(2)
    waits = {"seconds": ({"Retry-After": "6"}, 6), "date": ({"Retry-After": "date:8"}, 8)}
    waits |= {"absent": ({}, 60), "nonsense": ({"Retry-After": "soon"}, 60)}
    ids = {name: _slowed(stage, net, name, headers, at) for name, (headers, _) in waits.items()}
    absurd = _slowed(stage, net, "absurd", {"Retry-After": "99999999999"}, at)
    stage.until(lambda: _all_wait(stage, absurd), 30, "an absurd Retry-After makes the account wait")
    for name, (_, wait) in waits.items():
        stage.windows += [stage.window(name, 10, ids[name], at + timedelta(seconds=wait))]
    everything = [one for some in ids.values() for one in some]
    stage.settle(everything, seconds=100)
    for name, (_, wait) in waits.items():
        seen = [arrival for arrival in net.arrivals() if arrival.account == f"key-{name}"]
        asked = next(arrival.at for arrival in seen if not arrival.accepted)
        # The date has whole seconds, and what was going out at that very moment was on its way.
        wrong = [a for a in seen if ON_THE_WAY < a.at - asked < timedelta(seconds=wait - 1)]
        stage.insist(not wrong, f"{name}: sent while the account was to wait")
    ahead = [row.due_at - now() for row in stage.rows(absurd) if row.due_at]
    stage.insist(all(timedelta(hours=5.9) < wait <= timedelta(hours=6) for wait in ahead), "absurd: six hours at most")
    stage.insist(_waiting_accounts(stage) == 5, "each account says until when it waits")


def _slowed(stage: Stage, net: Net, name: str, headers: dict[str, str], at: datetime) -> list[int]:
    account = stage.account(f"key-{name}", net)
    net.script({"match": f"key-{name}/posts", "method": "POST", "do": "429", "times": 1, "headers": headers})
    moments = [at + timedelta(seconds=2 * number) for number in range(stage.many(3, 3))]
    return stage.posts([account], moments)


def _all_wait(stage: Stage, ids: list[int]) -> bool:
    """All but what was on its way already when the network said so."""
    waiting = [row.due_at for row in stage.rows(ids) if row.status != "published"]
    return bool(waiting) and all(at and at > now() + timedelta(hours=1) for at in waiting)


def _waiting_accounts(stage: Stage) -> int:
    return int(stage.query("SELECT count(*) AS n FROM scheduler_ui_account WHERE waits_until IS NOT NULL")[0]["n"])


@row(13, "500, 502, 503, 504 before and after accepting", cores=0.4, seconds=30)
def five_hundreds(stage: Stage) -> None:
    net = stage.net()
    stage.worker()
    at = soon(3)
    for status in (500, 502, 503, 504):
        for when in ("before", "after"):
            _all_kinds(stage, net, at, f"{status}-{when}", {"do": f"500_{when}", "status": status})
    _lost_answers(stage, at, 180)


@row(14, "refused, no DNS, bad TLS", cores=0.15, seconds=60, rounds=10)
def unreachable(stage: Stage) -> None:
    net, closed = stage.net(), processes.free_port()
    stage.worker()
    with _bad_tls(stage.folder) as tls:
        places = {"refused": f"http://127.0.0.1:{closed}", "dns": f"http://nowhere.invalid:{net.port}"}
        places |= {"tls": f"https://127.0.0.1:{tls}", "no-tls": f"https://127.0.0.1:{net.port}"}
        accounts = [stage.account(f"{kind}-{name}", net, base=base) for name, base in places.items() for kind in KINDS]
        ids = stage.posts(accounts, [soon(1)] * len(accounts) * 2)
        stage.until(lambda: all(_is_retrying(stage, one) for one in stage.rows(ids)), 40, "all of them are retrying")
    later = stage.net("later", closed)
    for account in accounts:
        account.settings["base"] = (later if "refused" in account.handle else net).base
        account.save(update_fields=["settings"])
    stage.recovers("next try", LONGEST_RETRY, ids)
    stage.settle(ids, seconds=stage.bound(LONGEST_RETRY))
    stage.insist(not any(row.is_asked for row in stage.rows()), "nobody is asked about what surely was not sent")


def _is_retrying(stage: Stage, one: object) -> bool:
    return one.status == "retrying" and one.due_at > now()


@contextmanager
def _bad_tls(folder: Path):
    """A server whose certificate nobody has signed."""
    certificate = folder / "self-signed.pem"
    certificate.write_bytes(_self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            try:
                with closing(context.wrap_socket(peer, server_side=True)) as line:
                    line.recv(1)
            except OSError:
                peer.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _self_signed() -> bytes:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rig")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
    signed = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*plain) + signed.public_bytes(serialization.Encoding.PEM)


@row(15, "read time-out, drip, 10 GB body, endless redirects", cores=0.4, seconds=40, rounds=10)
def endless(stage: Stage) -> None:
    net, worker = stage.net(), stage.worker()
    calm = stage.post([stage.account("key-calm", net)], soon(0))
    stage.settle(calm, seconds=20)  # so that what a first post loads is not counted
    before, at = _most_memory(worker.pid), soon(3)
    lines = {"silent": {"do": "silence"}, "late": {"do": "silence", "after": True}}
    lines |= {"drip": {"do": "drip", "seconds": stage.span(5)}, "flood": {"do": "flood", "after": True}}
    lines |= {"redirect": {"do": "redirect"}}
    for name, line in lines.items():
        # One worker's threads wait for each: ten times as many are ten rounds.
        _all_kinds(stage, net, at, name, line, count=1)
    _lost_answers(stage, at, 180 + 20)
    grown = (_most_memory(worker.pid) - before) / MEGABYTE
    stage.insist(grown <= 50, f"the worker's memory grew by {grown:.0f} MB")
    accepted = [
        row.id for row in stage.rows() if row.account in {"key-late", "lookup-late", "key-flood", "lookup-flood"}
    ]
    stage.windows.append(stage.window("deadline", 20 + 10, accepted, at))


def _most_memory(pid: int) -> int:
    """The most bytes that a process has held at once."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@row(16, "reset after accepting; 200 with garbage, HTML, nothing, wrong types", cores=0.4, seconds=30)
def garbage(stage: Stage) -> None:
    net = stage.net()
    stage.worker()
    at = soon(3)
    answers = {"html": HTML, "nothing": "", "list": "[]", "number": '{"id": 7}', "null": '{"id": null}', "cut": '{"id'}
    lines = {name: {"do": "says", "status": 200, "after": True, "body": body} for name, body in answers.items()}
    lines |= {"reset": {"do": "reset_after"}, "noise": {"do": "garbage"}}
    lines |= {"half": {"do": "garbage", "body": 'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"id": "'}}
    for name, line in lines.items():
        _all_kinds(stage, net, at, name, line)
    _lost_answers(stage, at, 180)


def _all_kinds(stage: Stage, net: Net, at: datetime, name: str, line: dict, count: int | None = None) -> None:
    """An account of each kind whose first posts meet this line."""
    count = stage.many(2, 1) if count is None else count
    for kind in KINDS:
        account = stage.account(f"{kind}-{name}", net)
        net.script({"match": f"{kind}-{name}/posts", "method": "POST", "times": count, **line})
        stage.posts([account], [at] * count)


def _lost_answers(stage: Stage, at: datetime, within: float) -> None:
    """Published in the end, or asked where the network offers no way to look; asked is never sent again."""
    stage.windows.append(stage.window("settled", within, None, at))
    stage.settle(seconds=stage.bound(within) + max((at - now()).total_seconds(), 0))
    rows = [row for row in stage.rows() if row.account != "key-calm"]
    stage.insist(all(row.is_asked for row in rows if row.account.startswith("blind")), "blind: a person is asked")
    others = [row for row in rows if not row.account.startswith("blind")]
    stage.insist(all(row.status == "published" for row in others), "key and look-up: published in the end")


@row(17, "token expired or revoked in flight; two workers refresh at once", cores=0.4, seconds=40)
def tokens(stage: Stage) -> None:
    from scheduler_ui.domain import vault
    from scheduler_ui.models import Account

    net = stage.net()
    for _ in range(2):
        # The lease leaves time for a refresh, on a crowded machine too.
        stage.worker(LEASE_EXTRA=f"{10 / stage.scale:g}")
    at = soon(3)
    ids: dict[str, list[int]] = {}
    for name in ("expired", "revoked"):
        for kind in KINDS:
            account = stage.account(f"{kind}-{name}", net)
            pair = {"access": f"stale {name}", "refresh": f"refresh {kind}"}
            Account.objects.filter(pk=account.pk).update(secrets=vault.seal(account.public_id, pair))
            known = (
                {"access": "new", "refresh": pair["refresh"]} if name == "expired" else {"access": "", "refresh": ""}
            )
            net.tokens({account.remote_id: known})
            ids.setdefault(name, []).extend(stage.posts([account], [at] * stage.many(4, 4)))
    stage.windows.append(stage.window("expired", 30, ids["expired"], at))
    stage.settle(ids["expired"], seconds=60)
    refreshes = [
        asked for asked in net.requests() if asked["what"] == "refresh" and asked["account"].endswith("expired")
    ]
    stage.insist(len(refreshes) == 3, f"one refresh for each of 3 accounts, not {len(refreshes)}")
    _reconnected(stage, net, ids["revoked"])


def _reconnected(stage: Stage, net: Net, ids: list[int]) -> None:
    from scheduler_ui.domain import holds, vault
    from scheduler_ui.models import Account

    stage.until(lambda: len(stage.notices("account")) == 3, 20, "each revoked account asks to be connected again")
    stage.until(lambda: stage.is_settled(ids), 20, "what waits for a revoked account is held")
    time.sleep(1)
    stage.insist(
        not any(a.accepted for a in net.arrivals() if a.account.endswith("revoked")), "nothing goes out revoked"
    )
    for account in Account.objects.filter(remote_id__endswith="revoked"):
        pair = {"access": "new", "refresh": "newer"}
        net.tokens({account.remote_id: pair})
        Account.objects.filter(pk=account.pk).update(
            secrets=vault.seal(account.public_id, pair), state=Account.State.CONNECTED, state_reason=""
        )
        holds.put(Account.objects.get(pk=account.pk))
    _retry_failed(stage, ids)
    stage.recovers("connected again", 30, ids)
    stage.settle(ids, seconds=stage.bound(30))
    stage.insist(all(row.status == "published" for row in stage.rows(ids)), "all is out once connected again")


def _retry_failed(stage: Stage, ids: list[int]) -> None:
    """What had failed for the sign-in is offered to the person, who says yes."""
    from scheduler_ui.domain import deliveries
    from scheduler_ui.models import Delivery

    for delivery in Delivery.objects.filter(pk__in=ids, status="failed").select_related("account", "post"):
        deliveries.retry(delivery, actor=stage.people()[0], now=now())
        delivery.refresh_from_db()
        stage.promise([delivery.pk], delivery.scheduled_for)
