from datetime import timedelta

import pytest

from scheduler_ui.domain import deliveries, posts, restore_mode, trash
from scheduler_ui.domain.platform_tools import platform_for
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.engine import clock, deliver, keys, ledger, restoring, switch
from scheduler_ui.models import Attempt, Delivery, Hold, Notice, Status
from scheduler_ui.platforms.base import Kind
from scheduler_ui.platforms.outcomes import Published, Unauthorized, Unavailable
from tests.factories import a_delivery, a_post, a_user, an_account

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def restore():
    """Enter restore mode from a backup of an hour ago, made known to the engine."""

    def enter(minutes=60):
        held = restore_mode.begin(clock.now() - timedelta(minutes=minutes), clock.now())
        switch.forget()
        return held

    return enter


def look():
    """What a worker does about restore mode in one round, as if the first half minute were over."""
    return restoring.offer_looks(clock.now() + timedelta(seconds=1), restoring.look_back, every=0)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_waits_is_held_and_does_not_go_out(fake, due, restore, again, kind):
    fake.reset(kind)
    assert restore() == 1
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason, fake.calls) == (Status.SCHEDULED, Hold.RESTORED, [])


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.LOOKUP])
def test_what_is_out_already_is_found_and_not_sent_again(fake, due, restore, again, kind):
    fake.reset(kind)
    fake.script = {"find": [Published("remote-7", "https://fake.example/7")]}
    restore()
    assert look() == 1
    row = again(due)
    assert (row.status, row.remote_id, row.hold_reason, row.due_at, row.token) == (
        "published",
        "remote-7",
        "",
        None,
        "",
    )
    assert row.attempts.get().outcome == Attempt.Outcome.PUBLISHED
    assert [name for name, _ in fake.calls] == ["find"]


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.LOOKUP])
def test_what_is_not_there_goes_out_once_it_has_been_looked_for(fake, due, restore, again, kind):
    fake.reset(kind)
    restore()
    look()
    assert (again(due).hold_reason, again(due).due_at) == (Hold.NONE, due.due_at)
    deliver.deliver(due.pk)
    assert again(due).status == Status.PUBLISHED
    assert [name for name, _ in fake.calls] == ["find", "publish"]


def test_blind_platform_is_asked_of_a_person_and_sent_on_their_word(fake, due, restore, again):
    fake.reset(Kind.BLIND)
    restore()
    look()
    row = again(due)
    assert (row.status, row.due_at, row.hold_reason, fake.calls) == (Status.UNCONFIRMED, None, Hold.NONE, [])
    assert row.error.startswith("Restored from a backup of ")
    assert Notice.objects.get(kind=Notice.Kind.ASKED).body == row.error
    deliveries.confirm_absent(row, actor=a_user(), now=clock.now())
    deliver.deliver(due.pk)
    assert again(due).status == Status.PUBLISHED


def test_blind_platform_is_not_asked_about_what_is_due_later(fake, account, restore, again):
    fake.reset(Kind.BLIND)
    post = a_post(account.workspace, account, scheduled_for=clock.now() + HOUR)
    restore()
    assert look() == 0
    assert (post.deliveries.get().hold_reason, restore_mode.state().unaskable) == (Hold.RESTORED, 1)


def test_what_is_due_later_is_looked_for_too(fake, account, restore):
    fake.script = {"find": [Published("remote-7")]}
    post = a_post(account.workspace, account, scheduled_for=clock.now() + HOUR)
    restore()
    look()
    assert post.deliveries.get().status == Status.PUBLISHED


def test_only_posts_since_the_backup_count(fake, due, restore, monkeypatch):
    seen = []
    fake.reset(Kind.LOOKUP)
    monkeypatch.setattr(fake, "find", lambda self, payload, key, since, owned=frozenset(): seen.append(since))
    moment = clock.now() - timedelta(minutes=60)
    restore()
    look()
    assert abs(seen[0] + timedelta(seconds=30) - moment) < timedelta(seconds=1)


@pytest.mark.parametrize("error", [Unavailable("away"), RuntimeError("a mistake")])
def test_look_that_fails_keeps_it_held_and_is_made_again(fake, due, restore, again, error):
    fake.script = {"find": [error]}
    restore()
    look()
    row = again(due)
    assert (row.status, row.hold_reason, row.token) == (Status.SCHEDULED, Hold.RESTORED, "")
    assert look() == 0
    Delivery.objects.update(queued_at=clock.now() - restoring.AGAIN - timedelta(seconds=1))
    assert look() == 1
    assert again(due).hold_reason == Hold.NONE


def test_network_that_asks_to_slow_down_is_left_alone_so_long(fake, due, restore, again):
    fake.script = {"find": [Unavailable("slow", retry_after=HOUR, is_rate_limit=True)]}
    restore()
    look()
    Delivery.objects.update(queued_at=None)
    assert (look(), again(due).hold_reason) == (0, Hold.RESTORED)


def test_sign_in_that_is_lost_waits_for_a_new_one_and_looks_then(fake, due, restore, again):
    fake.script = {"find": [Unauthorized("gone")]}
    restore()
    look()
    due.account.refresh_from_db()
    assert due.account.state == "reconnect"
    Delivery.objects.update(queued_at=None)
    look()
    assert again(due).hold_reason == Hold.RECONNECT
    due.account.state = "connected"
    due.account.save()
    Delivery.objects.update(hold_reason=Hold.NONE)
    deliver.deliver(due.pk)
    assert (again(due).hold_reason, [name for name, _ in fake.calls]) == (Hold.RESTORED, ["find"])


def test_post_that_comes_back_from_the_trash_is_looked_for(fake, due, restore, again):
    person = a_user()
    trash.delete(due.post, actor=person, now=clock.now())
    restore()
    due.post.refresh_from_db()
    trash.restore(due.post, actor=person, now=clock.now())
    deliver.deliver(due.pk)
    assert (again(due).hold_reason, fake.calls) == (Hold.RESTORED, [])


def test_publish_now_looks_first(fake, account, restore, again):
    delivery = a_delivery(a_post(account.workspace, scheduled_for=clock.now() + HOUR), account)
    restore()
    deliveries.publish_now(again(delivery), actor=a_user(), now=clock.now() - timedelta(seconds=2))
    deliver.deliver(delivery.pk)
    assert (again(delivery).hold_reason, fake.calls) == (Hold.RESTORED, [])
    look()
    deliver.deliver(delivery.pk)
    assert [name for name, _ in fake.calls] == ["find", "publish"]


def test_what_is_written_after_the_restore_goes_out_as_ever(fake, account, restore):
    fake.reset(Kind.BLIND)
    restore()
    now = clock.now()
    composed = Composed("New", [account], when=When.at(now + timedelta(seconds=1), "UTC"))
    post = posts.schedule(None, account.workspace, a_user(), composed, now=now)
    deliver.deliver(post.deliveries.get().pk)
    assert post.deliveries.get().status == Status.PUBLISHED


def test_platform_is_given_half_a_minute_to_list_what_it_has(fake, due, restore, settings):
    settings.PUNCTUAL = settings.PUNCTUAL | {"lookup_delays": (0, 10, 30)}
    restore()
    assert restoring.offer_looks(clock.now(), restoring.look_back, every=0) == 0
    assert restoring.offer_looks(clock.now() + timedelta(seconds=31), restoring.look_back, every=0) == 1


def test_end_is_refused_while_something_has_not_been_looked_for(fake, due, restore):
    restore()
    with pytest.raises(Refused) as refused:
        restore_mode.end()
    assert str(refused.value).startswith("A worker has still to look for 1 post.")


def test_end_frees_what_is_held_by_what_holds_it_otherwise(fake, account, restore):
    fake.reset(Kind.BLIND)
    paused = an_account(account.workspace, platform="fake", is_paused=True)
    a_post(account.workspace, account, paused, scheduled_for=clock.now() + HOUR)
    assert (restore(), restore_mode.end()) == (2, 2)
    holds = Delivery.objects.order_by("pk").values_list("hold_reason", flat=True)
    assert (list(holds), restore_mode.state()) == ([Hold.NONE, Hold.PAUSED], None)


def test_second_backup_of_a_restored_database_counts_from_the_first(due, restore):
    first = clock.now() - 2 * HOUR
    restore_mode.begin(first, clock.now())
    restore()
    assert restore_mode.state().moment == first


def test_workspace_is_told_once(due, restore):
    moment = clock.now() - HOUR
    for _ in range(2):
        restore_mode.begin(moment, clock.now())
    notice = Notice.objects.get()
    assert notice.title == f"Restored from a backup of {moment:%Y-%m-%d %H:%M} UTC"


def test_key_is_the_same_in_two_histories_that_part_before_the_first_send(fake, due, again):
    platform = platform_for(due.account)
    kept = again(due)
    lost = keys.key_of(again(due), platform)
    deliver.deliver(due.pk)
    assert (again(due).key, keys.key_of(kept, platform)) == (lost, lost)


def test_key_after_an_edit_is_another_one(fake, due, again):
    deliver.deliver(due.pk)
    first = again(due).key
    Delivery.objects.filter(pk=due.pk).update(key="")
    assert keys.key_of(again(due), platform_for(due.account)) != first


def test_worker_that_has_not_heard_of_the_end_holds_nothing_for_good(fake, due, restore, again):
    restore()
    assert switch.restored()
    assert restore_mode.end(even_so=True) == 1
    deliver.deliver(due.pk)
    assert (again(due).status, again(due).hold_reason) == (Status.PUBLISHED, Hold.NONE)


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.KEY, Status.PUBLISHED), (Kind.LOOKUP, Status.PUBLISHED), (Kind.BLIND, "unconfirmed")]
)
def test_what_is_found_is_kept_although_a_neighbour_of_its_commit_fails(
    fake, due, restore, again, monkeypatch, kind, status
):
    fake.reset(kind)
    fake.script = {"find": [Published("remote-7", "https://fake.example/7")]}

    def fail():
        raise ValueError

    def write_beside_a_failure(work, *rows):
        found, _failure = ledger._commit([ledger._Entry(work, rows), ledger._Entry(fail, ())])
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(restoring.ledger, "write", write_beside_a_failure)
    restore()
    assert (look(), again(due).status) == (1, status)
