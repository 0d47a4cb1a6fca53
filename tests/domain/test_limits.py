from datetime import timedelta

import pytest

from scheduler_ui.domain import limits
from scheduler_ui.models import Post
from tests.factories import NOW, a_post, a_user, a_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three(settings):
    settings.POSTS_PER_MINUTE = 3


def wrote(person, *ages):
    workspace = a_workspace()
    for age in ages:
        post = a_post(workspace, author=person)
        Post.objects.filter(pk=post.pk).update(created_at=NOW - timedelta(seconds=age))


def test_refuse_haste_as_many_as_one_may_within_a_minute():
    person = a_user()
    wrote(person, 50, 20, 1)
    with pytest.raises(limits.TooFast) as refused:
        limits.refuse_haste(person, NOW)
    assert str(refused.value) == "That was 3 new posts within a minute. Wait 10 s; what you wrote stays here."
    assert refused.value.seconds == 10


@pytest.mark.parametrize("ages", [(), (20, 1), (61, 20, 1), (60, 59, 58)])
def test_refuse_haste_lets_fewer_pass(ages):
    person = a_user()
    wrote(person, *ages)
    limits.refuse_haste(person, NOW)


def test_refuse_haste_counts_each_person_alone():
    wrote(a_user(), 3, 2, 1)
    limits.refuse_haste(a_user(), NOW)
