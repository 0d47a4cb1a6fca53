from datetime import timedelta

import pytest

from scheduler_ui.domain import examples
from scheduler_ui.models import Account, Post, Status
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return a_user()


@pytest.fixture
def workspace(author):
    return a_workspace(author)


def statuses(workspace):
    found = Post.objects.filter(workspace=workspace).order_by("scheduled_for", "pk")
    return list(found.values_list("deliveries__status", flat=True))


def test_load_writes_ten_of_which_the_past_are_out(workspace, author):
    examples.load(workspace, author, NOW)
    assert statuses(workspace) == [Status.PUBLISHED] * 3 + [Status.SCHEDULED] * 7


def test_load_has_one_that_goes_out_soon(workspace, author):
    examples.load(workspace, author, NOW)
    assert Post.objects.filter(scheduled_for=NOW + timedelta(minutes=2)).count() == 1


def test_load_goes_nowhere_real(workspace, author):
    real = an_account(workspace, platform="bluesky")
    examples.load(workspace, author, NOW)
    assert real.deliveries.count() == 0
    assert set(Account.objects.filter(deliveries__post__is_example=True).values_list("platform", flat=True)) == {
        "rehearsal"
    }


def test_load_twice_is_once(workspace, author):
    examples.load(workspace, author, NOW)
    examples.load(workspace, author, NOW)
    assert Post.objects.count() == 10


def test_remove_takes_everything_away_again(workspace, author):
    kept = a_post(workspace, an_account(workspace))
    examples.load(workspace, author, NOW)
    assert examples.remove(workspace) == 0
    assert list(Post.objects.all()) == [kept]
    assert Account.objects.filter(remote_id=examples.REMOTE_ID).exists() is False


def test_remove_leaves_what_is_going_out_now(workspace, author):
    examples.load(workspace, author, NOW)
    post = Post.objects.filter(deliveries__status=Status.SCHEDULED).first()
    post.deliveries.update(status=Status.PUBLISHING, token="t", lease_until=NOW)
    assert examples.remove(workspace) == 1
    assert examples.are_loaded(workspace) is True


def test_remove_leaves_another_workspace_alone(workspace, author):
    other = a_workspace(author)
    examples.load(other, author, NOW)
    examples.remove(workspace)
    assert examples.are_loaded(other) is True
