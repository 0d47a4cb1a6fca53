"""The offline judge: it reads the networks' logs and the database's rows, and nothing of the program.

A delivery and a line of a log belong together by account and by the SHA-256 of the text, which a run makes unique.
"""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DELIVERIES = """
SELECT d.id, d.public_id, d.status, d.hold_reason, d.scheduled_for, d.due_at, d.settled_at, d.remote_id,
       a.remote_id AS account, a.waits_until, COALESCE(d.text, p.text) AS text
  FROM scheduler_ui_delivery d
  JOIN scheduler_ui_post p ON p.id = d.post_id
  JOIN scheduler_ui_account a ON a.id = d.account_id
 WHERE a.platform = 'rig' ORDER BY d.id
"""
NOTICES = """
SELECT n.kind, n.delivery_id, a.remote_id AS account, n.created_at
  FROM scheduler_ui_notice n LEFT JOIN scheduler_ui_account a ON a.id = n.account_id
"""
TIMES = ("scheduled_for", "due_at", "settled_at", "created_at", "waits_until", "restored_from", "beat_at")
TOLD_OF_ONE = {"failed", "missed", "asked", "held"}
DIGEST = ("digest",)  # one notice for all that was missed in an outage
NOT_MEANT_TO_GO = {"draft", "canceled"}


@dataclass(frozen=True)
class Arrival:
    """One line of a network's log."""

    at: datetime
    account: str
    key: str
    text_sha256: str
    accepted: bool


@dataclass(frozen=True)
class Row:
    """One delivery as the database has it."""

    id: int
    public_id: str
    status: str
    hold_reason: str
    scheduled_for: datetime | None
    due_at: datetime | None
    settled_at: datetime | None
    remote_id: str
    account: str
    waits_until: datetime | None
    text: str

    @property
    def mark(self) -> tuple[str, str]:
        return self.account, hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def is_asked(self) -> bool:
        return self.status == "unconfirmed" and self.due_at is None

    @property
    def is_final(self) -> bool:
        """In a final state, or in one where the person sees that it is theirs to act."""
        return self.status in {"published", "failed", "missed", "canceled"} or self.is_asked or bool(self.hold_reason)


@dataclass(frozen=True)
class Told:
    """One notice."""

    kind: str
    delivery_id: int | None
    account: str | None
    at: datetime


@dataclass(frozen=True)
class Window:
    """A fault's end: these deliveries (all, when None) must be final or visible within so many seconds of it."""

    label: str
    gone_at: datetime
    within: float
    ids: frozenset[int] | None = None


@dataclass(frozen=True)
class Promise:
    """What the rig itself asked for: from `made_at` on, this delivery is for `at`."""

    delivery_id: int
    made_at: datetime
    at: datetime


@dataclass(frozen=True)
class Evidence:
    """Everything that is judged: database rows, network logs, notices, and what the rig asked for and when."""

    rows: Sequence[Row]
    arrivals: Sequence[Arrival]
    notices: Sequence[Told] = ()
    windows: Sequence[Window] = ()
    promises: Sequence[Promise] = ()


@dataclass
class Figures:
    """What one part of a row comes to; `lateness` in seconds, `recovery` in seconds by label."""

    n: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)  # accepted, and no delivery of ours has these words
    asked: int = 0
    lateness: list[float] = field(default_factory=list)
    recovery: dict[str, float | None] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def check(evidence: Evidence, now: datetime) -> Figures:
    """The figures of a run that ended at `now`."""
    by_mark: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in evidence.arrivals:
        by_mark[arrival.account, arrival.text_sha256].append(arrival)
    promises: dict[int, list[Promise]] = defaultdict(list)
    for promise in evidence.promises:
        promises[promise.delivery_id].append(promise)
    rows, told = evidence.rows, _told_of(evidence.notices)
    gone = sorted(promises.keys() - {row.id for row in rows})
    figures = Figures(n=len(rows) + len(gone), asked=sum(row.is_asked for row in rows))
    figures.lost += [f"delivery {one} (has no row)" for one in gone]
    known = {row.mark for row in rows}
    figures.strange = [mark[0] for mark, seen in by_mark.items() if mark not in known and any(a.accepted for a in seen)]
    for row in rows:
        seen = by_mark.get(row.mark, [])
        _judge_times(row, seen, promises.get(row.id, []), figures)
        if sum(arrival.accepted for arrival in seen) > 1:
            figures.twice.append(row.public_id)
        meant_for = _meant_for(row, promises.get(row.id, []), now)
        if not any(arrival.accepted for arrival in seen) and _is_lost(row, meant_for, told, now):
            figures.lost.append(f"{row.public_id} ({row.status})")
    untold = [row.public_id for row in rows if row.is_asked and row.id not in told]
    if untold:
        figures.complaints.append(f"asked without a notice: {len(untold)} ({', '.join(untold[:3])})")
    for window in evidence.windows:
        _measure(window, rows, _ends(rows, by_mark, told, now), now, figures)
    figures.complaints += _in_words(figures)
    return figures


def _judge_times(row: Row, seen: list[Arrival], promises: list[Promise], figures: Figures) -> None:
    """Anything that arrives before its second is early, also what the network refuses."""
    late = [
        (arrival.at - promised).total_seconds()
        for arrival in seen
        if (promised := _promised(row, promises, arrival.at)) is not None
    ]
    if late and min(late) < 0:
        figures.early.append(row.public_id)
    first = next((arrival for arrival in seen if arrival.accepted), None)
    if first and (promised := _promised(row, promises, first.at)):
        figures.lateness.append((first.at - promised).total_seconds())


def _promised(row: Row, promises: list[Promise], at: datetime) -> datetime | None:
    """What held at that moment: the rig's own word where it gave one, else the row's."""
    made = [promise for promise in promises if promise.made_at <= at]
    return max(made, key=lambda promise: promise.made_at).at if made else row.scheduled_for


def _meant_for(row: Row, promises: list[Promise], now: datetime) -> datetime | None:
    """When it should go out; None: never. What the rig asked for stays asked for, whatever the row says of itself."""
    if not promises and row.status in NOT_MEANT_TO_GO:
        return None
    return _promised(row, promises, now)


def _is_lost(row: Row, meant_for: datetime | None, told: dict[Any, datetime], now: datetime) -> bool:
    """It is not out: due, and nobody was told. A row that claims what the network does not have is lost too."""
    if meant_for is None or meant_for > now:
        return False
    if row.status == "published" or row.status in NOT_MEANT_TO_GO:
        return True  # the rig cancels nothing that it has promised
    if row.due_at and row.due_at > now and (row.status == "retrying" or (row.waits_until or now) > now):
        return False  # "waiting until 10:42" is on the page
    if row.status == "missed" and DIGEST in told:
        return False
    return row.id not in told and row.account not in told


def _measure(
    window: Window, rows: Sequence[Row], ends: Mapping[int, datetime | None], now: datetime, figures: Figures
) -> None:
    """From the fault's end to the last affected delivery in a final or visible state."""
    affected = [row for row in rows if window.ids is None or row.id in window.ids]
    if not affected:
        figures.complaints.append(f"{window.label}: no delivery was affected, so nothing was shown")
        return
    count = sum(ends[row.id] is None for row in affected)
    seconds: float | None = None
    if count:
        words = f"{count} not settled after {(now - window.gone_at).total_seconds():.1f} s"
    else:
        seconds = max(_seconds_after(window, row, ends[row.id]) for row in affected)
        words = f"recovered after {seconds:.2f} s, not within {window.within:g} s"
    figures.recovery[window.label] = seconds
    if seconds is None or seconds > window.within:
        figures.complaints.append(f"{window.label}: {words}")


def _seconds_after(window: Window, row: Row, end: datetime | None) -> float:
    """What was due only after the fault is measured from its own second."""
    begin = max(window.gone_at, row.scheduled_for or window.gone_at)
    return max(round(((end or begin) - begin).total_seconds(), 3), 0.0)


def _ends(
    rows: Sequence[Row], by_mark: Mapping[tuple[str, str], list[Arrival]], told: dict[Any, datetime], now: datetime
) -> dict[int, datetime | None]:
    """When each came to rest; None where it has not."""
    ends: dict[int, datetime | None] = {}
    for row in rows:
        out = [arrival.at for arrival in by_mark.get(row.mark, []) if arrival.accepted]
        ends[row.id] = None
        if row.is_final:
            ends[row.id] = row.settled_at or told.get(row.id) or told.get(row.account)
            if row.settled_at and row.settled_at > now and out:
                ends[row.id] = out[0]  # written by a clock that was wrong just then: the network's word counts
    return ends


def _told_of(notices: Iterable[Told]) -> dict[Any, datetime]:
    """When the person first heard of a delivery (by id) or of a whole account (by its name)."""
    told: dict[Any, datetime] = {}
    for notice in sorted(notices, key=lambda notice: notice.at):
        if notice.kind in TOLD_OF_ONE and notice.delivery_id:
            told[notice.delivery_id] = notice.at  # the last time is when the matter came to rest
        elif notice.kind == "account" and notice.account:
            told.setdefault(notice.account, notice.at)
        elif notice.kind == "digest":
            told[DIGEST] = notice.at
    return told


def _in_words(figures: Figures) -> list[str]:
    found = {"lost": figures.lost, "twice": figures.twice, "early": figures.early, "unknown posts": figures.strange}
    return [f"{name}: {len(ids)} ({', '.join(ids[:3])})" for name, ids in found.items() if ids]


# --- Reading ----------------------------------------------------------------------------------------------------------


def read_logs(folder: Path) -> list[Arrival]:
    """Every network's log under the folder."""
    lines = [json.loads(line) for path in sorted(folder.glob("**/network.jsonl")) for line in path.open()]
    names = ("account", "key", "text_sha256", "accepted")
    return [Arrival(datetime.fromisoformat(line["at"]), *(line[name] for name in names)) for line in lines]


def query(database: str, sql: str) -> list[dict[str, Any]]:
    """Rows as dicts from a SQLite file or a postgres:// URL; a plain read with times as aware UTC."""
    if database.startswith("postgres"):
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(database, row_factory=dict_row, connect_timeout=5) as connection:
            found = [dict(row) for row in connection.execute(sql).fetchall()]
    else:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            found = [dict(row) for row in connection.execute(sql)]
        finally:
            connection.close()
    return [{name: _time(value) if name in TIMES else value for name, value in row.items()} for row in found]


def read_rows(database: str) -> list[Row]:
    return [Row(**row) for row in query(database, DELIVERIES)]


def read_notices(database: str) -> list[Told]:
    return [Told(n["kind"], n["delivery_id"], n["account"], n["created_at"]) for n in query(database, NOTICES)]


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
