import io
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command

from scheduler_ui.models import Attempt, Status, Worker
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def why(post) -> str:
    out = io.StringIO()
    with time_machine.travel(NOW, tick=False):
        call_command("why", post, stdout=out)
    return out.getvalue()


def test_why_says_what_the_page_says():
    workspace = a_workspace(a_user())
    post = a_post(workspace, timezone="Europe/Berlin", text="Winter roast " * 9)
    delivery = a_delivery(
        post, an_account(workspace, name="Harbor"), status=Status.RETRYING, tries=1, due_at=NOW + timedelta(minutes=5)
    )
    Attempt.objects.create(delivery=delivery, number=1, marked_at=NOW, outcome="unavailable", answer="503 Busy")
    Worker.objects.create(host="h", pid=1, threads=1, started_at=NOW, beat_at=NOW)
    assert why(post.public_id).splitlines() == [
        f"{post.public_id}  {('Winter roast ' * 9)[:60]}…",
        "Times are those of Europe/Berlin.",
        "",
        "Harbor (Rehearsal): Retrying",
        "  Nothing went out yet; the next try, 2 of 4, is at 09:05.",
        "  Why: It is not due yet: 5 min to go.",
        "  Next: A worker sends it then, at its second.",
        "  Attempt 1, 09:00:00.00: Surely not out.",
        "    Rehearsal said: 503 Busy",
    ]


def test_why_names_the_hold_and_the_missing_worker():
    workspace = a_workspace(a_user())
    post = a_post(workspace, an_account(workspace, name="Harbor"))
    assert "  Why: No worker is running." in why(post.public_id)
    post.deliveries.update(hold_reason="paused")
    assert "Harbor (Rehearsal): Scheduled, held: paused" in why(post.public_id)


def test_why_of_a_draft_says_what_it_lacks():
    assert "until you give it an account." in why(a_post(a_workspace(a_user())).public_id)


def test_why_of_an_unknown_post_says_where_its_name_is():
    with pytest.raises(CommandError, match="There is no post nothing"):
        why("nothing")
