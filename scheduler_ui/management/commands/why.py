from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scheduler_ui.domain import reasons, scenes, timelines
from scheduler_ui.domain.clocks import Clock
from scheduler_ui.domain.scenes import Scene
from scheduler_ui.models import Delivery, Post


class Command(BaseCommand):
    help = "Say in words how a post stands, and why it has not gone out. POST is the name at the end of its address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("post", metavar="POST")

    def handle(self, *args: Any, **options: Any) -> None:
        post = Post.objects.select_related("author", "workspace").filter(public_id=options["post"]).first()
        if post is None:
            raise CommandError(f"There is no post {options['post']}. Its name is the last part of its page's address.")
        scene = Scene(timezone.now(), Clock(post.timezone), scenes.machine())
        self._write_head(post, scene)
        deliveries = post.deliveries.select_related("account", "post", "workspace").prefetch_related("attempts")
        for delivery in deliveries.order_by("pk"):
            self._write_delivery(delivery, scene)
        if not deliveries:
            self.stdout.write(reasons.explain_draft(post).sentence)

    def _write_head(self, post: Post, scene: Scene) -> None:
        text = " ".join(post.text.split())
        self.stdout.write(f"{post.public_id}  {text[:60]}{'…' if len(text) > 60 else ''}")
        self.stdout.write(f"Times are those of {scene.clock.zone}.")
        if post.deleted_at:
            self.stdout.write(f"It is in the trash since {scene.clock.point(post.deleted_at, scene.now)}.")

    def _write_delivery(self, delivery: Delivery, scene: Scene) -> None:
        reason = reasons.explain(delivery, scene)
        self.stdout.write(f"\n{delivery.account} ({scenes.platform_name(delivery.account)}): {self._status(delivery)}")
        self.stdout.write(f"  {reason.sentence}")
        for why in reason.why:
            if why != reason.sentence:
                self.stdout.write(f"  Why: {why}")
        if reason.next:
            self.stdout.write(f"  Next: {reason.next}")
        for line in timelines.timeline(delivery, list(delivery.attempts.all()), scene):
            self.stdout.write(f"  {line.title}, {line.at}{', ' + line.took if line.took else ''}: {line.read}")
            if said := line.answer or line.note:
                self.stdout.write(f"    {line.who}: {said}")

    def _status(self, delivery: Delivery) -> str:
        held = f", held: {delivery.get_hold_reason_display()}" if delivery.hold_reason else ""
        return f"{delivery.get_status_display()}{held}"
