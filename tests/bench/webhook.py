"""The whole way of a real platform: webhooks over HTTP to a receiver on loopback, timed by the receiving end.

Run as a program like `tests.bench.ours`; prints one line of JSON.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

from project.start import start
from tests.bench import figures
from tests.bench.crew import Crew
from tests.bench.options import Options
from tests.bench.receiver import Receiver
from tests.rig import processes

SPREAD, LEAD = 20.0, 15
ACCOUNTS = 4  # fifty posts to each: an hour's cap is a hundred


def run(options: Options) -> dict:
    receiver = Receiver(options.answer_after)
    promised = _schedule(receiver.url, options.posts)
    with Crew(options, ALLOW_PRIVATE_TARGETS="127.0.0.0/8"):
        processes.wait_for(lambda: len(receiver.arrivals) >= options.posts, LEAD + SPREAD + 60)
        # Whatever would be sent twice has its chance.
        processes.wait_for(lambda: len(receiver.arrivals) > options.posts, 2)
    receiver.close()
    late = [(at - promised[key["id"]]).total_seconds() * 1000 for _, at, key in receiver.arrivals]
    arrived = len({key for key, _, _ in receiver.arrivals})
    counts = {"posts": options.posts, "lost": options.posts - arrived, "twice": len(receiver.arrivals) - arrived}
    return counts | {"early": sum(milliseconds < 0 for milliseconds in late)} | figures.spread(late)


def _schedule(url: str, number: int) -> dict[str, datetime]:
    """Connected and scheduled as the pages do it; whole seconds, as people promise."""
    from scheduler_ui.domain import arming, connections, posts
    from scheduler_ui.models import Membership, User, Workspace

    user = User.objects.create_user("bench@example.org", None, timezone="UTC")
    workspace = Workspace.objects.create(name="Bench")
    Membership.objects.create(user=user, workspace=workspace)
    now = datetime.now(UTC)
    fields = [{"url": f"{url}/{count}", "name": f"bench {count}"} for count in range(ACCOUNTS)]
    asked = [connections.Asked("webhook", each, user) for each in fields]
    accounts = [connections.connect(workspace, each, now).account for each in asked]
    start_at = arming.next_second(now) + timedelta(seconds=LEAD)
    promised = {}
    for count in range(number):
        at = start_at + timedelta(seconds=int(count * SPREAD / number))
        to = [accounts[count % ACCOUNTS]]
        composed = posts.Composed(f"Post {count}", to, when=posts.When(at.replace(tzinfo=None), "UTC"))
        post = posts.schedule(None, workspace, user, composed, now=now)
        promised[post.public_id] = post.scheduled_for
    return promised


if __name__ == "__main__":
    start()
    sys.stdout.write(json.dumps(run(Options.read())) + "\n")
