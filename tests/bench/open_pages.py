"""Every page and poll that a person keeps open, in a workspace that grows: CPU of the server and its database.

Run as a program like `tests.bench.ours`; prints one line of JSON per size. The workspace is a lived-in one: most of its
posts are out, some failed, were missed, are drafts or in the trash, and the month around now holds the same two
thousand at every size.
"""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from project.start import start
from tests.bench import tabs
from tests.bench.options import Options
from tests.bench.sizes import cpu, signed_in

ROUNDS, MONTH, RARE = 5, 2000, 10
# Per thousand posts of the workspace; the rest is published.
SHARES = {"scheduled": 60, "failed": 15, "missed": 5, "skipped": 10, "canceled": 10, "draft": 10, "trash": 20}
AWAY = timedelta(days=70)


def run(options: Options) -> None:
    from tests.bench import growth

    now = datetime.now(UTC)
    world = World(now)
    done = world.last_key()
    for size in options.sizes:
        world.grow(done + 1, size)
        growth.settle_statistics()
        done = size
        found = {name: cpu(ask, rounds=ROUNDS) for name, ask in world.pages()}
        sys.stdout.write(json.dumps({"rows": size, "pages": found}) + "\n")
        sys.stdout.flush()


class World:
    """One workspace: an account with nearly all of its posts, a feed with some, one with a few."""

    def __init__(self, now: datetime):
        from tests.bench import filling

        self.now = now
        self.often, self.rare, self.feed = filling.accounts("bench", 3, "rehearsal")
        self.workspace = self.often.workspace
        self.client = signed_in(self.workspace)
        type(self.feed).objects.filter(pk=self.feed.pk).update(platform="feed", remote_id="harbor")
        begin = now.timestamp() - 14 * 86_400
        moments = {number: begin + number * 28 * 86_400 / MONTH for number in range(MONTH)}
        filling.schedule([self.often], moments)
        filling.schedule([self.rare], {n: begin + n * 3600 for n in range(RARE)})
        filling.schedule([self.feed], {n: begin + n * 3600 for n in range(RARE)})
        self._publish_the_past()
        self.templates = {name: self._template(name) for name in ["published", *SHARES]}

    def _publish_the_past(self) -> None:
        from scheduler_ui.models import Delivery, Status, move_many

        past = Delivery.objects.filter(scheduled_for__lt=self.now)
        lease = {"token": "x", "lease_until": self.now}
        move_many(past, Status.SCHEDULED, Status.PUBLISHING, **lease)
        out = {"sent_at": self.now, "late_ms": 12, "due_at": None, "token": "", "lease_until": None}
        move_many(past, Status.PUBLISHING, Status.PUBLISHED, **out)

    def _template(self, name: str):
        from scheduler_ui.models import Attempt, Event, Hold, Notice, Status
        from tests.factories import a_delivery, a_post

        status = {"skipped": Status.MISSED, "trash": Status.PUBLISHED}.get(name) or Status(name)
        is_binned = name == "trash"
        post = a_post(
            self.workspace,
            text=f"Winter roast is back on Friday. First fifty bags come with a tasting card. {name}",
            is_draft=name == "draft",
            deleted_at=self.now - timedelta(days=1) if is_binned else None,
            scheduled_for=self.now - AWAY,
        )
        held = Hold.DELETED if is_binned else Hold.NONE
        delivery = a_delivery(
            post,
            self.often,
            status=status,
            is_skipped=name == "skipped",
            hold_reason=held,
            late_ms=9 if name == "published" else None,
        )
        about = {"marked_at": self.now - AWAY, "outcome": Attempt.Outcome.PUBLISHED}
        self.attempt = Attempt.objects.create(delivery=delivery, number=1, **about)
        self.event = Event.objects.create(post=post, kind="moved", at=self.now - AWAY)
        if name == "failed":
            told = {"title": "It failed", "event_key": "first", "created_at": self.now, "delivery": delivery}
            self.notice = Notice.objects.create(workspace=self.workspace, kind="failed", **told)
        return delivery

    def last_key(self) -> int:
        from scheduler_ui.models import Delivery

        return Delivery.objects.latest("pk").pk

    def grow(self, first: int, last: int) -> None:
        """The posts with these primary keys, with an attempt and an event each, a notice for each that failed."""
        from tests.bench import growth

        number, begin = last - first + 1, first
        for name, template in self.templates.items():
            share = 1000 - sum(SHARES.values()) if name == "published" else SHARES[name]
            end = last if name == "trash" else begin + number * share // 1000 - 1
            is_ahead = name == "scheduled"
            start, seconds = (self.now + AWAY, "i * 60") if is_ahead else (self.now - AWAY, "-i * 60")
            growth.copy_posts(template, begin, end, start, seconds)
            if name == "failed":
                key = {"event_key": "'failed' || i", "created_at": growth.instant(self.now, "0"), "delivery_id": "i"}
                growth.copy(self.notice, begin, end, key | {"public_id": growth.random()})
            begin = end + 1
        moment = growth.instant(self.now - AWAY, "-i * 60")
        growth.copy(self.attempt, first, last, {"delivery_id": "i", "marked_at": moment})
        growth.copy(self.event, first, last, {"post_id": "i", "at": moment})

    def pages(self) -> Iterator[tuple[str, Callable[[], object]]]:
        from django.core.management import call_command

        from scheduler_ui.domain import health, metrics

        post = self.workspace.deliveries.filter(account=self.rare).earliest("pk").post
        for name, address in self._addresses(post.public_id):
            yield name, self._get(address)
        poll = tabs.poll_of(self.client.get("/").content.decode())
        yield "a poll without news", self._get(poll, 204, **{"HX-Request": "true"})
        yield "the shell's poll with news", self._get("/shell/?seen=x", 200, **{"HX-Request": "true"})
        yield "health", lambda: health.look(self.now)
        yield "metrics", lambda: metrics.read(self.now)
        yield "manage.py why", lambda: call_command("why", post.public_id, stdout=io.StringIO())
        yield "resume preview", self._preview

    def _addresses(self, post: str) -> Iterator[tuple[str, str]]:
        from scheduler_ui.domain import queues
        from scheduler_ui.models import Tab

        for view in ("month", "week", "day", "list"):
            yield f"calendar, {view}", f"/?view={view}"
        yield "calendar, month, one account", f"/?accounts={self.rare.public_id}"
        for tab in Tab:
            yield f"queue, {tab}", f"/queue/?tab={tab}"
        following = queues.read(self.workspace, queues.Filter(Tab.PUBLISHED)).after
        yield "queue, published, next page", f"/queue/?tab=published&after={following}"
        for name, account in (("most", self.often), ("few", self.rare)):
            yield f"queue, published, of {name}", f"/queue/?tab=published&account={account.public_id}"
            yield f"queue, drafts, of {name}", f"/queue/?tab=drafts&account={account.public_id}"
            yield f"account with {name}", f"/accounts/{account.public_id}/"
        yield "queue, found words", "/queue/?tab=published&q=roast"
        yield "queue, words that nothing has", "/queue/?tab=published&q=zzz"
        yield "queue, moved by zone data", "/queue/?tab=published&moved=2026b"
        yield "post", f"/posts/{post}/"
        yield "composer", "/posts/new/"
        yield "accounts", "/accounts/"
        yield "rehearsal log", f"/accounts/{self.often.public_id}/rehearsal/"
        yield "on-time record", "/on-time/"
        yield "notices", "/notices/"
        yield "trash", "/trash/"
        yield "settings", "/settings/"
        yield "feed", "/feeds/harbor/"

    def _get(self, address: str, status: int = 200, **headers: str) -> Callable[[], object]:
        def ask() -> None:
            answer = self.client.get(address, headers=headers)
            assert answer.status_code == status, (address, answer.status_code)

        return ask

    def _preview(self) -> None:
        from scheduler_ui.domain import resuming

        resuming.preview(resuming.of_everything(), self.now)


if __name__ == "__main__":
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    start()
    run(Options.read())
