"""One worker killed (SIGKILL) at one named point of one delivery's life, started again at once, and what became of it.

Run as a program: `python -m tests.rig.crash POINT KIND` with DATA_DIR and TIME_SCALE set; prints one line of JSON.
The judge reads the rehearsal network's log and the delivery's row, nothing else.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

from tests.rig import processes

BEFORE_THE_CLAIM = ("offered", "taken", "preparing", "prepared")
POINTS = (*BEFORE_THE_CLAIM, "claimed", "before_send", "sent", "answered", "settled", "lookup")
KINDS = ("key", "lookup", "blind")


def run(point: str, kind: str) -> dict:
    from scheduler_ui.models import Delivery, RehearsalArrival, Status, Worker

    data_dir = Path(os.environ["DATA_DIR"])
    once = data_dir / "crashed"
    extra = {"CRASH_AT": point, "CRASH_ONCE": str(once)}
    worker = processes.start(data_dir, "manage.py", "run_huey", **extra)
    assert processes.wait_for(Worker.objects.exists, 30)
    delivery = _prepare(kind, "lost" if point == "lookup" else "accept")
    crashed_at, final_at, deadline = None, None, time.monotonic() + 60
    try:
        while time.monotonic() < deadline and final_at is None:
            if worker.poll() is not None:
                crashed_at = crashed_at or datetime.now(UTC)
                worker = processes.start(data_dir, "manage.py", "run_huey", **extra)
            row = Delivery.objects.get(pk=delivery.pk)
            is_asked = row.status == Status.UNCONFIRMED and row.due_at is None
            if row.status in {Status.PUBLISHED, Status.FAILED, Status.MISSED} or is_asked:
                final_at = datetime.now(UTC)
            time.sleep(0.02)
    finally:
        processes.end(worker)
    arrivals = RehearsalArrival.objects.filter(is_accepted=True)
    early = [arrival for arrival in RehearsalArrival.objects.all() if arrival.at < delivery.scheduled_for]
    since = max(crashed_at, delivery.scheduled_for) if crashed_at else None
    return {
        "point": point,
        "kind": kind,
        "crashed": once.exists(),
        "status": row.status,
        "asked": row.status == Status.UNCONFIRMED,
        "posts": arrivals.values("remote_id").distinct().count(),
        "early": len(early),
        "recovery_s": round((final_at - since).total_seconds(), 2) if final_at and since else None,
        "settled": final_at is not None,
    }


def _prepare(kind: str, behaviour: str):
    from scheduler_ui.domain import arming, posts
    from scheduler_ui.models import Account, Media, Membership, User, Workspace

    user = User.objects.create_user("rig@example.org", "x", timezone="UTC")
    workspace = Workspace.objects.create(name="Rig")
    Membership.objects.create(user=user, workspace=workspace)
    settings = {"kind": kind, "behaviour": behaviour, "times": 1}
    account = Account.objects.create(
        workspace=workspace, platform="rehearsal", remote_id="rig", handle="rig", settings=settings
    )
    now = datetime.now(UTC)
    at = arming.next_second(now) + timedelta(seconds=1)
    # With a picture, so that there is something to prepare; the rehearsal network does not open it.
    picture = Media.objects.create(workspace=workspace, kind="image", file="x.png", name="x", content_type="x", bytes=1)
    composed = posts.Composed("It goes out once.", [account], media=[(picture, "")], when=posts.When.at(at, "UTC"))
    return posts.schedule(None, workspace, user, composed, now=now).deliveries.get()


def verdict(row: dict, lease: float, scale: float) -> str:
    """Why a row breaks the promise; '' when it holds."""
    limit = 5 if row["point"] in BEFORE_THE_CLAIM else lease + 30 * scale + 5
    faults = {
        "did not crash": not row["crashed"] and not (row["point"] == "lookup" and row["kind"] == "blind"),
        "not settled": not row["settled"],
        "twice": row["posts"] > 1,
        "lost": row["status"] != "published" and not row["asked"],
        "published, but it is not there": row["status"] == "published" and row["posts"] != 1,
        "asked although the platform can be asked": row["asked"] and row["kind"] != "blind",
        "early": row["early"] > 0,
        f"recovered after {row['recovery_s']} s, not within {limit:.0f} s": (row["recovery_s"] or 0) > limit,
    }
    return ", ".join(fault for fault, is_so in faults.items() if is_so)


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(run(*sys.argv[1:3])) + "\n")
