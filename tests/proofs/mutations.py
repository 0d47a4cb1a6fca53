"""Take out each guard of the promises and see that a test turns red: `python -m tests.proofs.mutations [NAME…]`.

Each mutation is made in a copy of the tree of its own. It counts as caught when every test named for it fails by an
assertion about what the program did; an error on the way there (an import, a fixture) proves nothing. A guard whose
line is no longer found fails the run: then the mutation has to follow the code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = max(os.cpu_count() or 1, 2)
# How pytest begins what it says of a broken promise, rather than of a broken test.
REASONS = ("AssertionError", "assert ", "Failed: DID NOT RAISE")


@dataclass(frozen=True)
class Mutation:
    """In `file` (under scheduler_ui or project) `guard` becomes `gone`; `tests` are under tests/."""

    name: str
    file: str
    guard: str
    gone: str
    tests: tuple[str, ...]


DELIVER, CLOCK = "engine/test_deliver.py::test_", "engine/test_clock.py::test_"
MUTATIONS = (
    Mutation(
        "token guard",
        "scheduler_ui/models/delivery.py",
        'for name in ("status", "version", *fence)',
        'for name in ("status", "version", *(name for name in fence if name != "token"))',
        (DELIVER + "answer_after_the_lease_went_to_another_is_fenced_off",),
    ),
    Mutation(
        "version in the claim",
        "scheduler_ui/models/delivery.py",
        'for name in ("status", "version", *fence)',
        'for name in ("status", *fence)',
        (DELIVER + "claim_of_a_row_edited_since_it_was_read_fails",),
    ),
    Mutation(
        "hold in the claim",
        "scheduler_ui/engine/claims.py",
        'fence=("hold_reason", "due_at")',
        'fence=("due_at",)',
        (DELIVER + "claim_of_a_row_held_since_it_was_read_fails",),
    ),
    Mutation(
        "durable mark",
        "scheduler_ui/engine/deliver.py",
        "        _send(delivery)\n",
        "        with __import__('django.db.transaction').db.transaction.atomic():\n            _send(delivery)\n",
        (
            "engine/test_promises.py::test_claim_is_committed_before_the_platform_is_called",
            "engine/test_promises.py::test_no_transaction_is_open_while_the_platform_is_called",
        ),
    ),
    Mutation(
        "synchronous=FULL",
        "project/shapes.py",
        "PRAGMA synchronous=FULL",
        "PRAGMA synchronous=NORMAL",
        (
            "engine/test_promises.py::test_connection_that_commits_a_claim_waits_for_the_disk",
            "engine/test_promises.py::test_connection_of_every_other_thread_waits_for_the_disk",
        ),
    ),
    Mutation(
        "look-up before the next send",
        "scheduler_ui/engine/resolve.py",
        "        found = find(platform, delivery)\n",
        "        found = None\n",
        (DELIVER + "unconfirmed_on_lookup_is_found_and_not_sent_again",),
    ),
    Mutation(
        "one owner of a remote post",
        "scheduler_ui/domain/adoptions.py",
        "    if others.filter(remote_id=remote_id[:300]).exists():\n",
        "    if False:\n",
        (DELIVER + "two_look_ups_do_not_adopt_one_post",),
    ),
    Mutation(
        "what is on its way may be what was found",
        "scheduler_ui/domain/adoptions.py",
        "    return any(other.content.split() == words",
        "    return False and any(other.content.split() == words",
        ("engine/test_resolve.py::test_what_may_be_anothers_whose_answer_is_on_its_way_is_not_taken",),
    ),
    Mutation(
        "lapsed lease is unconfirmed",
        "scheduler_ui/engine/settle.py",
        "Unconfirmed(sentence)",
        "Unavailable(sentence)",
        ("engine/test_offers.py::test_lapsed_lease_is_always_unconfirmed",),
    ),
    Mutation(
        "BLIND is asked",
        "scheduler_ui/engine/settle.py",
        "    if choice == Account.Blind.AGAIN and can_try:\n",
        "    if can_try:\n",
        (DELIVER + "unconfirmed_on_blind_asks_and_never_sends_again",),
    ),
    Mutation(
        "HMAC of a message",
        "scheduler_ui/engine/messages.py",
        "if not any(hmac.compare_digest(",
        "if False and not any(hmac.compare_digest(",
        ("engine/test_messages.py::test_message_changed_under_way_is_refused",),
    ),
    Mutation(
        "never before its second",
        "scheduler_ui/engine/deliver.py",
        "    is_time = clock.sleep_until(due_at)\n",
        "    is_time = True\n",
        (DELIVER + "delivery_is_never_sent_before_its_second",),
    ),
    Mutation(
        "never early by the database's clock",
        "scheduler_ui/engine/timepiece.py",
        "(ahead if self._base is None else self._base.low)",
        "ahead",
        (
            CLOCK + "now_is_the_databases_however_wrong_the_machine_is",
            CLOCK + "machines_jump_does_not_move_the_databases_time",
        ),
    ),
    Mutation(
        "two ticks agree",
        "scheduler_ui/engine/timepiece.py",
        "self._agreed, self.is_steady, self._jumped_at, self._jump = 0, False, steady, seconds",
        "self._jumped_at, self._jump = steady, seconds",
        (CLOCK + "nothing_is_offered_or_sent_before_two_ticks_agree", CLOCK + "jump_stops_until_two_ticks_agree"),
    ),
    Mutation(
        "what the clock leapt over waits",
        "scheduler_ui/engine/deliver.py",
        "    if not clock.is_steady() or clock.is_leapt_over(delivery.due_at):\n",
        "    if not clock.is_steady():\n",
        (CLOCK + "what_was_jumped_over_is_neither_sent_nor_missed_at_once",),
    ),
    Mutation(
        "lease before the send",
        "scheduler_ui/engine/deliver.py",
        "    return delivery.lease_until is not None and clock.now() + platform.deadline <= delivery.lease_until\n",
        "    return True\n",
        (DELIVER + "worker_stopped_past_its_lease_does_not_send",),
    ),
    Mutation(
        "hold before the send",
        "scheduler_ui/engine/deliver.py",
        "    if _is_held(delivery):\n",
        "    if False:\n",
        ("engine/test_people_meanwhile.py::test_hold_that_was_overwritten_still_counts_at_the_send",),
    ),
    Mutation(
        "runaway brake",
        "scheduler_ui/engine/claims.py",
        "        if brakes.stops(delivery, now):\n",
        "        if False:\n",
        (
            "engine/test_brakes.py::test_account_sends_up_to_its_cap_and_no_more",
            "engine/test_brakes.py::test_same_text_to_the_same_account_is_held",
        ),
    ),
    Mutation(
        "cap of a network",
        "scheduler_ui/engine/seats.py",
        "NETWORK_SHARE = 0.75",
        "NETWORK_SHARE = 1.0",
        (
            "engine/test_seats.py::test_network_alone_holds_three_quarters",
            "engine/test_seats.py::test_second_network_finds_threads_beside_one_that_hangs",
        ),
    ),
)


@dataclass(frozen=True)
class Row:
    name: str
    is_caught: bool
    said: str
    seconds: float


def main(names: list[str]) -> int:
    chosen = [mutation for mutation in MUTATIONS if not names or mutation.name in names]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        whole = copy_tree(Path(folder) / "as-it-is")
        # What is red by itself would prove nothing.
        as_it_is = pool.submit(_as_it_is, whole, chosen)
        rows = [*pool.map(lambda mutation: _try(mutation, whole, Path(folder)), chosen), as_it_is.result()]
    for row in rows:
        verdict = "caught" if row.is_caught else "FAILED"
        sys.stdout.write(f"{verdict} {row.name:36} {row.seconds:5.1f} s  {row.said}\n")
    failed = sum(not row.is_caught for row in rows)
    sys.stdout.write(f"{len(rows) - failed} passed, {failed} failed\n")
    return min(failed, 1)


def copy_tree(target: Path) -> Path:
    """What git would commit from here, and nothing else."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            copy = target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    return target


def mutate(mutation: Mutation, tree: Path) -> str:
    """Take the guard out of a tree. Gives what stands in the way, or ''."""
    path = tree / mutation.file
    text = path.read_text()
    if (found := text.count(mutation.guard)) != 1:
        return f"its line is in {mutation.file} {found} times, not once: {mutation.guard.strip()}"
    path.write_text(text.replace(mutation.guard, mutation.gone))
    return ""


def _try(mutation: Mutation, whole: Path, folder: Path) -> Row:
    began = time.monotonic()
    tree = folder / mutation.name.replace(" ", "-").replace("'", "")
    shutil.copytree(whole, tree)
    if fault := mutate(mutation, tree):
        return Row(mutation.name, False, fault, time.monotonic() - began)
    said = judge(mutation, *run(tree, mutation.tests))
    shutil.rmtree(tree)
    return Row(mutation.name, not said, said or mutation.tests[0].split("::test_")[1], time.monotonic() - began)


def _as_it_is(tree: Path, mutations: list[Mutation]) -> Row:
    began = time.monotonic()
    tests = tuple(dict.fromkeys(test for mutation in mutations for test in mutation.tests))
    failures, said = run(tree, tests)
    is_green = failures is not None and len(failures) >= len(tests) and not any(failures.values())
    return Row(
        "all of it as it is", is_green, f"{len(tests)} tests are green" if is_green else said, time.monotonic() - began
    )


def judge(mutation: Mutation, failures: dict[str, str] | None, said: str) -> str:
    """Why a mutation is not caught; '' when it is. `failures`: what each test that ran said, '' = green."""
    if failures is None:
        return f"pytest ended badly: {said}"
    for test in mutation.tests:
        found = {name: why for name, why in failures.items() if name.split("[")[0] == test.split("::")[1]}
        if not any(found.values()):
            return f"{test} stays green"
        wrong = [why for why in found.values() if why and not why.startswith(REASONS)]
        if wrong:
            return f"{test} is red for another reason: {wrong[0]}"
    return ""


def run(tree: Path, tests: tuple[str, ...]) -> tuple[dict[str, str] | None, str]:
    """What each test said ('' = green), and the last lines; None when pytest did not get as far as running them."""
    report = tree / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "TEST_SHAPE")
    }
    done = subprocess.run(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=tree,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    last = " | ".join((done.stdout + done.stderr).strip().splitlines()[-3:])
    if done.returncode not in (0, 1) or not report.is_file():
        return None, last
    cases = ElementTree.parse(report).iter("testcase")
    return {case.attrib["name"]: _what_went_wrong(case) for case in cases}, last


def _what_went_wrong(case: ElementTree.Element) -> str:
    for kind in ("error", "failure"):
        if (found := case.find(kind)) is not None:
            message = found.attrib.get("message", "").splitlines() or ["?"]
            return message[0] if kind == "failure" else f"error: {message[0]}"
    return "skipped" if case.find("skipped") is not None else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
