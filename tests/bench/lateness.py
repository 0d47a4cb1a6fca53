"""Posts scheduled for real, published by a real worker, timed by the receiving end. Run as a program.

`python -m tests.bench.lateness SPREAD_SECONDS ANSWER_AFTER` with DATA_DIR set; prints one line of JSON.
"""

import json
import os
import statistics
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

from tests.bench.receiver import Receiver
from tests.rig import processes

POSTS = 200


def run(spread: float, answer_after: float) -> dict:
    receiver = Receiver(answer_after)
    promised = _schedule(receiver.url, spread)
    with processes.worker(Path(os.environ["DATA_DIR"]), ALLOW_PRIVATE_TARGETS="127.0.0.0/8"):
        processes.wait_for(lambda: len(receiver.arrivals) >= POSTS, spread + 60)
        # Whatever would be sent twice has its chance.
        processes.wait_for(lambda: len(receiver.arrivals) > POSTS, 3)
    receiver.close()
    late = sorted((at - promised[key["id"]]).total_seconds() * 1000 for _, at, key in receiver.arrivals)
    return {
        "posts": POSTS,
        "arrived": len({key for key, _, _ in receiver.arrivals}),
        "twice": len(receiver.arrivals) - len({key for key, _, _ in receiver.arrivals}),
        "early": sum(ms < 0 for ms in late),
        "p50_ms": round(statistics.median(late), 2),
        "p99_ms": round(late[int(len(late) * 0.99) - 1], 2),
        "max_ms": round(late[-1], 2),
    }


def _schedule(url: str, spread: float) -> dict[str, datetime]:
    from scheduler_ui.domain import arming, connections, posts
    from scheduler_ui.models import Membership, User, Workspace

    user = User.objects.create_user("bench@example.org", "x", timezone="UTC")
    workspace = Workspace.objects.create(name="Bench")
    Membership.objects.create(user=user, workspace=workspace)
    now = datetime.now(UTC)
    asked = connections.Asked("webhook", {"url": url, "name": "bench"}, user)
    account = connections.connect(workspace, asked, now).account
    start = arming.next_second(now) + timedelta(seconds=15)
    promised = {}
    for number in range(POSTS):
        when = posts.When((start + timedelta(seconds=int(number * spread / POSTS))).replace(tzinfo=None), "UTC")
        post = posts.schedule(None, workspace, user, posts.Composed(f"Post {number}", [account], when=when), now=now)
        promised[post.public_id] = post.scheduled_for
    return promised


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(run(float(sys.argv[1]), float(sys.argv[2]))) + "\n")
