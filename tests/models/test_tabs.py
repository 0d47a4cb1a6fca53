import pytest

from scheduler_ui.models import Delivery, Hold, Status, Tab
from tests.factories import NOW, a_delivery, a_post, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tab", "fields"),
    [
        (Tab.DRAFTS, {"status": Status.DRAFT}),
        (Tab.UPCOMING, {"status": Status.SCHEDULED}),
        (Tab.UPCOMING, {"status": Status.SCHEDULED, "hold_reason": Hold.PAUSED}),
        (Tab.NEEDS_YOU, {"status": Status.SCHEDULED, "hold_reason": Hold.BRAKE}),
        (Tab.NEEDS_YOU, {"status": Status.RETRYING, "hold_reason": Hold.REPEAT}),
        (Tab.RETRYING, {"status": Status.RETRYING}),
        (Tab.PUBLISHING, {"status": Status.PUBLISHING}),
        (Tab.PUBLISHING, {"status": Status.PROCESSING, "hold_reason": Hold.RECONNECT}),
        (Tab.PUBLISHING, {"status": Status.UNCONFIRMED, "due_at": NOW}),
        (Tab.NEEDS_YOU, {"status": Status.UNCONFIRMED}),
        (Tab.NEEDS_YOU, {"status": Status.MISSED}),
        (Tab.CANCELED, {"status": Status.MISSED, "is_skipped": True}),
        (Tab.CANCELED, {"status": Status.CANCELED}),
        (Tab.FAILED, {"status": Status.FAILED, "hold_reason": Hold.BRAKE}),
        (Tab.PUBLISHED, {"status": Status.PUBLISHED}),
        *(("", {"status": status, "hold_reason": Hold.DELETED}) for status in Status),
    ],
)
def test_delivery_stands_in_the_tab_of_its_row(tab, fields):
    workspace = a_workspace()
    assert a_delivery(a_post(workspace), an_account(workspace), **fields).tab == tab


def test_tab_follows_every_write():
    workspace = a_workspace()
    delivery = a_delivery(a_post(workspace), an_account(workspace))
    tabs = []
    for changes in ({"status": Status.PUBLISHED, "due_at": None}, {"hold_reason": Hold.DELETED}):
        Delivery.objects.update(**changes)
        tabs.append(Delivery.objects.get(pk=delivery.pk).tab)
    assert tabs == [Tab.PUBLISHED, ""]
