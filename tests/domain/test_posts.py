from datetime import datetime, timedelta

import pytest

from scheduler_ui.domain import deliveries, posts
from scheduler_ui.domain.posts import AlreadyStarted, Composed, When
from scheduler_ui.models import Attempt, Delivery, Status
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
FRIDAY = When(datetime.fromisoformat("2026-11-27T09:00"), "Europe/Berlin")
SATURDAY = When(datetime.fromisoformat("2026-11-28T09:00"), "Europe/Berlin")
ALONE = FRIDAY.instant + timedelta(hours=3)


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def pair(person):
    workspace = a_workspace(person)
    return [an_account(workspace), an_account(workspace)]


@pytest.fixture
def post(person, pair):
    composed = Composed("Hello", pair, when=FRIDAY)
    return posts.schedule(None, pair[0].workspace, person, composed, now=NOW)


def edit(post, person, accounts, when=FRIDAY, **more):
    composed = Composed("Hello again", accounts, when=when, **more)
    return posts.schedule(post, post.workspace, person, composed, now=NOW)


def times(post):
    return list(post.deliveries.order_by("pk").values_list("scheduled_for", "due_at"))


def test_edit_leaves_a_delivery_its_own_time_when_the_posts_stays(post, person, pair):
    deliveries.reschedule(post.deliveries.first(), ALONE, actor=person, now=NOW)
    edit(post, person, pair)
    assert times(post) == [(ALONE, ALONE), (FRIDAY.instant, FRIDAY.instant)]


def test_edit_to_another_time_moves_every_delivery(post, person, pair):
    deliveries.reschedule(post.deliveries.first(), ALONE, actor=person, now=NOW)
    edit(post, person, pair, when=SATURDAY)
    assert times(post) == [(SATURDAY.instant, SATURDAY.instant)] * 2


def test_edit_arms_what_had_ended_at_a_time_of_its_own_for_the_posts_time(post, person, pair):
    post.deliveries.filter(account=pair[0]).update(scheduled_for=NOW, due_at=None, status=Status.FAILED)
    edit(post, person, pair)
    assert times(post) == [(FRIDAY.instant, FRIDAY.instant)] * 2


def test_edit_that_drops_an_account_is_refused_when_a_worker_is_faster(post, person, pair):
    dropped = post.deliveries.get(account=pair[1])
    Attempt.objects.create(delivery=dropped, number=1, marked_at=NOW)

    class Claiming(dict):
        """Own texts that are looked at while a worker claims the other delivery."""

        def get(self, key, default=None):
            Delivery.objects.filter(pk=dropped.pk).update(status=Status.PUBLISHING, token="w", lease_until=NOW)
            return default

    with pytest.raises(AlreadyStarted):
        edit(post, person, pair[:1], own_texts=Claiming())
    post.refresh_from_db()
    assert post.text == "Hello"
