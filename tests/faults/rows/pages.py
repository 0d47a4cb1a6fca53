"""What people do while something breaks: rows 20 and 22."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx

from tests.faults.plan import row
from tests.faults.stage import Beside, Stage, now, soon
from tests.faults.web import Person, Web, words


def compose(person: Person, account: Any, text: str, at: Any) -> dict[str, Any]:
    """A filled-in new form; its client_key is its own."""
    fields = person.form("/posts/new/")
    return fields | {"text": text, "accounts": [account.public_id], "mode": "at", "local_time": _local(at)}


def _local(at: Any) -> str:
    return str(at.replace(tzinfo=None).isoformat(timespec="seconds"))


def insisting(send: Callable[[], httpx.Response], seconds: float = 60) -> httpx.Response:
    """Send it again, as a person does, until somebody answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            answer = send()
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        if time.monotonic() > until:
            raise TimeoutError("nobody answered")
        time.sleep(0.1)


@row(20, "web restarted while saving, editing, cancelling", cores=0.3, seconds=90)
def restarted(stage: Stage) -> None:
    """Whatever the person was told at last holds: saved goes out as saved, cancelled stays, edited as edited."""
    net, web = stage.net(), Web(stage)
    stage.worker()
    account, count = stage.account("key-1", net), stage.many(20, 9)
    goes_out = soon(30 + count + 10 * stage.slack)

    def kill_and_start() -> None:
        time.sleep(stage.random.uniform(1, 4))
        web.kill()
        web.start()

    told: dict[str, str] = {}
    with Beside(kill_and_start), ThreadPoolExecutor(3) as pool:
        for one in pool.map(lambda number: _story(stage, web, account, goes_out, number), range(count)):
            told.update(one)
    stage.insist(now() < goes_out, "all of it was said before the posts were due")
    _compare(stage, told)
    _edit_after_claim(stage, net, web, account)
    stage.settle(seconds=60)
    stage.insist(len(stage.rows()) == count + 1, f"{len(stage.rows())} posts of {count + 1} forms")


def _story(stage: Stage, web: Web, account: Any, at: Any, number: int) -> dict[str, str]:
    """Save; then edit every other one and cancel every third. Returns the text that must go out, '' for none."""
    person, text = web.person(), f"Story {number} {stage.random.getrandbits(64):016x}"
    form = _patiently(lambda: compose(person, account, text, at))
    saved = insisting(lambda: person.send("/posts/new/", form))
    assert saved.status_code == 302, f"{saved.status_code}: {words(saved)[-300:]}"
    public_id = _post_of(stage, form["client_key"])
    if number % 2:
        edited = _patiently(lambda: person.form(f"/posts/{public_id}/edit/")) | {"text": f"{text}, edited"}
        insisting(lambda: person.send(f"/posts/{public_id}/edit/", edited))
        text = f"{text}, edited"
    if number % 3 == 0:
        insisting(lambda: person.send(f"/posts/{public_id}/cancel/", {}))
        text = ""
    return {public_id: text}


def _patiently(read: Callable[[], dict[str, Any]], seconds: float = 60) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError, httpx.HTTPStatusError):
            return read()
        time.sleep(0.1)
    raise TimeoutError("no page")


def _post_of(stage: Stage, client_key: str) -> str:
    found = stage.query(f"SELECT public_id FROM scheduler_ui_post WHERE client_key = '{client_key}'")
    assert len(found) == 1, f"{len(found)} posts of one form"
    return str(found[0]["public_id"])


def _compare(stage: Stage, told: dict[str, str]) -> None:
    rows = stage.query(
        "SELECT p.public_id, p.text, d.status FROM scheduler_ui_post p "
        "JOIN scheduler_ui_delivery d ON d.post_id = p.id WHERE p.client_key IS NOT NULL"
    )
    for found in rows:
        text = told[found["public_id"]]
        is_kept = found["status"] == "canceled" if not text else (found["text"], found["status"]) == (text, "scheduled")
        stage.insist(is_kept, f"told {text!r}, kept {found}")


def _edit_after_claim(stage: Stage, net: Any, web: Web, account: Any) -> None:
    """What is going out can no longer change, and the page says so."""
    net.script({"match": "*/posts", "method": "POST", "do": "delay", "seconds": 1.5, "times": 1, "text": "Too late"})
    person, text = web.person(), f"Too late {stage.random.getrandbits(64):016x}"
    insisting(lambda: person.send("/posts/new/", compose(person, account, text, soon(2 + stage.slack))))
    public_id = stage.query(f"SELECT public_id FROM scheduler_ui_post WHERE text = '{text}'")[0]["public_id"]
    form = person.form(f"/posts/{public_id}/edit/")
    stage.until(
        lambda: any(row.status == "publishing" for row in stage.rows() if row.text == text),
        20 + 2 * stage.slack,
        "it is claimed",
    )
    answer = person.send(f"/posts/{public_id}/edit/", form | {"text": f"{text}, changed"})
    is_said = answer.status_code == 409 and "going out now" in words(answer).lower()
    stage.insist(is_said, f"an edit after the claim is refused in words, not {answer.status_code}")


@row(22, "double click, repeated request, two tabs", cores=0.5, seconds=40)
def twice_clicked(stage: Stage) -> None:
    net, web = stage.net(), Web(stage)
    stage.worker()
    account, count = stage.account("key-1", net), stage.many(10, 6)
    person = web.person()
    at = soon(5 + 3 * stage.slack + 0.4 * count)  # all are clicked before it
    forms = [compose(person, account, stage.words(), at) for _ in range(count)]
    clicks = [form for form in forms for _ in range(4)]

    def click(form: dict[str, Any]) -> int:
        return int(person.send("/posts/new/", form).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(click, clicks))
    stage.insist(set(answers) == {302}, f"every click is answered alike: {sorted(set(answers))}")
    stage.insist(click(forms[0]) == 302, "a request repeated later is answered as it was")
    stage.insist(len(stage.rows()) == count, f"{count} forms made {len(stage.rows())} posts")
    _two_tabs(stage, person, forms[0]["client_key"])
    _impatient(stage, web, account)
    stage.settle(seconds=60)
    stage.insist(all(row.status == "published" for row in stage.rows()), "each is out")


def _two_tabs(stage: Stage, person: Person, client_key: str) -> None:
    path = f"/posts/{_post_of(stage, client_key)}/edit/"
    left, right = person.form(path), person.form(path)
    text = stage.words()
    first = person.send(path, left | {"text": text})
    second = person.send(path, right | {"text": stage.words()})
    stage.insist((first.status_code, second.status_code) == (302, 409), "the second tab is told that it has changed")
    kept = stage.query(f"SELECT 1 FROM scheduler_ui_post WHERE text = '{text}'")
    stage.insist(len(kept) == 1, "what the first tab said is kept")


def _impatient(stage: Stage, web: Web, account: Any) -> None:
    """Publish now, clicked from two windows at once."""
    person, text = web.person(), stage.words()
    person.send("/posts/new/", compose(person, account, text, now() + timedelta(hours=1)))
    path = stage.query(
        f"SELECT d.public_id FROM scheduler_ui_delivery d JOIN scheduler_ui_post p ON p.id = d.post_id "
        f"WHERE p.text = '{text}'"
    )[0]["public_id"]
    others = [web.person() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one.send(f"/deliveries/{path}/now/", {}), others))
