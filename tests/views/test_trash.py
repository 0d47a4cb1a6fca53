import pytest
from django.urls import reverse

from scheduler_ui.domain import trash
from scheduler_ui.models import Post
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def deleted(workspace, person):
    def write(**fields):
        post = a_post(workspace, an_account(workspace), **fields)
        trash.delete(post, actor=person, now=NOW)
        return post

    return write


def test_trash_says_until_when_each_is_kept(member, deleted):
    deleted(text="Winter roast")
    page = member.get(reverse("trash")).content.decode()
    assert ("Winter roast" in page, "Wednesday 23 December" in page) == (True, True)


def test_trash_costs_the_same_queries_at_one_row_and_three(member, deleted, django_assert_num_queries):
    for rows in (1, 3):
        while Post.objects.count() < rows:
            deleted()
        with django_assert_num_queries(9):
            assert len(member.get(reverse("trash")).context["rows"]) == rows


def test_empty_trash_says_what_it_is_for(member):
    assert "The trash is empty" in member.get(reverse("trash")).content.decode()


def test_restore_brings_it_back_and_a_second_time_says_so(member, deleted):
    post = deleted()
    address = reverse("post_restore", args=[post.public_id])
    assert "It is back." in member.post(address, headers=HTMX).content.decode()
    assert "It is not in the trash any more." in member.post(address, headers=HTMX).content.decode()


def test_destroy_asks_then_removes_for_good(member, deleted):
    post = deleted()
    address = reverse("post_destroy", args=[post.public_id])
    assert "Delete it for good?" in member.get(address, headers=HTMX).content.decode()
    assert member.post(address).url == reverse("trash")
    assert Post.objects.count() == 0


def test_destroy_of_a_living_post_is_refused(member, workspace):
    post = a_post(workspace)
    answer = member.post(reverse("post_destroy", args=[post.public_id]), headers=HTMX)
    assert ("toast error" in answer.content.decode(), Post.objects.count()) == (True, 1)


@pytest.mark.parametrize("name", ["post_restore", "post_destroy", "post", "post_delete", "post_now"])
def test_strangers_find_nothing(client, deleted, name):
    client.force_login(a_workspace(stranger := a_user()) and stranger)
    assert client.post(reverse(name, args=[deleted().public_id])).status_code in {404, 405}
