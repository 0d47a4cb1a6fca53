from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import notices, pages, trash
from scheduler_ui.domain.pages import Place
from scheduler_ui.models import Notice, Post, RehearsalArrival
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


def turned(rows, order, name="public_id"):
    """Every page from the first on, then back again."""

    def page(after="", before=""):
        place = Place.beside(rows, (after, before), order, name)
        return pages.read(rows, place, name=name, size=2)

    found = [page()]
    while found[-1].after:
        found.append(page(after=found[-1].after))
    back = [found[-1]]
    while back[-1].before:
        back.append(page(before=back[-1].before))
    assert [list(one.rows) for one in back] == [list(one.rows) for one in reversed(found)]
    return [row for one in found for row in one.rows]


def test_trash_turns_over_and_back():
    workspace = a_workspace(a_user())
    kept = [a_post(workspace, deleted_at=NOW + timedelta(minutes=number // 3)) for number in range(5)]
    a_post(workspace)
    assert turned(trash.posts_in(workspace), trash.LATEST_FIRST) == kept[::-1]


def test_arrivals_are_named_by_their_number():
    account = an_account(a_workspace())
    arrived = [RehearsalArrival.objects.create(account=account, at=NOW, is_accepted=True) for _ in range(5)]
    assert turned(account.arrivals.all(), Place(("at", "pk")), "pk") == arrived[::-1]


@pytest.mark.parametrize("name", ["nobody", "1" * 30, "٣", "-1"])
def test_page_beside_what_is_not_there_is_the_first(name):
    account = an_account(a_workspace())
    RehearsalArrival.objects.create(account=account, at=NOW, is_accepted=True)
    rows = account.arrivals.all()
    for ends in ((name, ""), ("", name)):
        page = pages.read(rows, Place.beside(rows, ends, Place(("at", "pk")), "pk"), name="pk")
        assert (len(page.rows), page.after, page.before) == (1, "", "")


def test_page_beside_a_row_that_lost_its_place_is_the_first():
    workspace = a_workspace()
    lost, _other = a_post(workspace, scheduled_for=None), a_post(workspace)
    place = Place.beside(Post.objects.all(), (lost.public_id, ""), Place(("scheduled_for", "pk")))
    assert place.neighbour is None


def test_trash_is_read_by_its_index_in_order(plan):
    for number in range(3):
        workspace = a_workspace()
        a_post(workspace, deleted_at=NOW + timedelta(minutes=number))
    words = plan(trash.posts_in(workspace)[:51])
    assert ("post_trash" in words, "TEMP B-TREE" in words or "Sort" in words) == (True, False), words


def test_notices_are_read_by_their_index_in_order(plan):
    workspace = a_workspace(a_user())
    member = workspace.memberships.get()
    words = plan(Place(("pk",)).ordered(notices.seen_by(member))[:51])
    assert ("notice_bell" in words, "TEMP B-TREE" in words or "Sort" in words) == (True, False), words


def test_bell_page_turns(client):
    workspace = a_workspace(a_user())
    member = workspace.memberships.get()
    for number in range(pages.PAGE + 1):
        notices.tell(Notice.Kind.FAILED, workspace, title=f"Told {number}.", body="", event_key=str(number), now=NOW)
    type(member).objects.update(joined_at=NOW)
    client.force_login(member.user)
    first = client.get(reverse("notices"))
    assert [word in first.content.decode() for word in ("Told 0.", "Told 50.", "51 unread")] == [False, True, True]
    second = client.get(reverse("notices"), {"after": first.context["page"].after})
    assert [word in second.content.decode() for word in ("Told 0.", "Told 50.")] == [True, False]
