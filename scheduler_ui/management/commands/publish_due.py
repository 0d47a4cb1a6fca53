from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand

from scheduler_ui.domain.mishaps import place_of
from scheduler_ui.engine import clock, deliver, offers, recover, restoring, touches
from scheduler_ui.models import Delivery


class Command(BaseCommand):
    help = "One due check and its deliveries, now, in this process; prints what went out."

    def handle(self, *args: Any, **options: Any) -> None:
        clock.measure()
        now = clock.now()
        recover.recover_lapsed(now)
        while restoring.offer_looks(now, restoring.look_back, every=0):
            pass
        woken: list[int] = []

        def wake(offered: Sequence[tuple[int, datetime]]) -> None:
            woken.extend(delivery_id for delivery_id, _eta in offered)

        # Bounded like a worker's offers, so again and again until nothing new is overdue.
        while offers.offer_due(now, wake, ahead=timedelta()):
            for delivery_id in woken:
                self._deliver(delivery_id)
            woken.clear()
        touches.flush()

    def _deliver(self, delivery_id: int) -> None:
        try:
            deliver.deliver(delivery_id)
        except Exception as error:
            self.stderr.write(f"delivery {delivery_id} could not be sent: {place_of(error)}")
            return
        delivery = Delivery.objects.select_related("account").get(pk=delivery_id)
        where = f"{delivery.account.handle} on {delivery.account.platform}"
        self.stdout.write(f"{delivery.status} {delivery.public_id} to {where} {delivery.remote_url}".rstrip())
