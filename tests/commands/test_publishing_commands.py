from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from scheduler_ui.domain import health
from scheduler_ui.engine import beats, switch
from scheduler_ui.models import Account, Delivery, Post, Status, Worker
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return a_user(email="ana@example.org")


@pytest.fixture
def account(author):
    switch.forget()
    return an_account(a_workspace(author), handle="@harbor")


def said(capsys, *arguments, **options):
    call_command(*arguments, **options)
    return capsys.readouterr().out


def test_publish_due_sends_what_is_due_and_prints_it(account, capsys):
    post = a_post(account.workspace, account, scheduled_for=timezone.now() - timedelta(seconds=1))
    printed = said(capsys, "publish_due")
    delivery = post.deliveries.get()
    assert delivery.status == Status.PUBLISHED
    assert printed == f"published {delivery.public_id} to @harbor on rehearsal {delivery.remote_url}\n"


def test_publish_due_leaves_what_is_due_soon_to_the_worker(account, capsys):
    a_post(account.workspace, account, scheduled_for=timezone.now() + timedelta(seconds=30))
    assert said(capsys, "publish_due") == ""
    assert Delivery.objects.get().queued_at is None


def test_schedule_post_reads_a_local_time(account, capsys):
    said(
        capsys,
        "schedule_post",
        "Winter roast",
        "--as",
        "ana@example.org",
        "--to",
        "@harbor",
        "--at",
        "2030-07-01T09:00",
    )
    assert Post.objects.get().scheduled_for.isoformat() == "2030-07-01T07:00:00+00:00"


def test_schedule_post_with_the_same_key_makes_one_post(account, capsys):
    for _ in range(2):
        said(capsys, "schedule_post", "Winter roast", "--as", "ana@example.org", "--to", "@harbor", "--key", "once")
    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--as", "nobody@example.org", "--to", "@harbor"], "Nobody here signs in as nobody@example.org."),
        (["--as", "ana@example.org", "--to", "@other"], "No account is called @other."),
        (["--as", "ana@example.org", "--to", "@harbor", "--at", "2020-01-01T09:00"], "That time has passed."),
    ],
)
def test_schedule_post_refuses_in_words(account, options, words):
    with pytest.raises(CommandError) as refused:
        call_command("schedule_post", "Winter roast", *options)
    assert str(refused.value).startswith(words)


def test_schedule_post_refuses_what_no_composer_would_send(account):
    options = ["--as", "ana@example.org", "--to", "@harbor"]
    with pytest.raises(CommandError) as refused:
        call_command("schedule_post", "x" * 501, *options)
    assert str(refused.value) == "@harbor: 1 over the 500 characters of Rehearsal."
    Account.objects.update(state=Account.State.DISCONNECTED)
    with pytest.raises(CommandError) as refused:
        call_command("schedule_post", "Winter roast", *options)
    assert str(refused.value) == "@harbor is disconnected. Take it out, or connect it again."
    assert Post.objects.count() == 0


def test_status_without_a_worker_fails(account):
    with pytest.raises(CommandError) as refused:
        call_command("status")
    assert refused.value.returncode == 1


def test_status_with_a_worker_is_well(account, capsys):
    beats.beat(timezone.now())
    assert said(capsys, "status").endswith("overdue: 0\nnext due: nothing\nqueue: there\n")


def test_status_with_overdue_posts_fails(account):
    beats.beat(timezone.now())
    a_post(account.workspace, account, scheduled_for=timezone.now() - timedelta(minutes=5))
    with pytest.raises(CommandError):
        call_command("status")


def test_machines_are_told_the_same(account, client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    beats.beat(timezone.now())
    answer = client.get("/readyz")
    well = {"database": True, "queue": True, "worker": True, "overdue": 0, "next_due_at": None}
    assert (answer.status_code, answer.json()) == (200, well)


def test_queue_that_is_away_is_told_and_stops_nothing(account, client, capsys):
    beats.beat(timezone.now())
    Worker.objects.update(is_queue_away=True)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["queue"]) == (200, False)
    assert said(capsys, "status").endswith("queue: away; posts go out without it\n")


def test_database_that_is_away_is_told(db, client, monkeypatch):
    def away(now):
        raise OperationalError("connection refused")

    monkeypatch.setattr(health, "look", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": False})
    with pytest.raises(CommandError) as refused:
        call_command("status")
    assert str(refused.value) == "The database cannot be reached: connection refused"
