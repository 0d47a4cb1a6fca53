import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from scheduler_ui.models import Status
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post(workspace):
    local = datetime.fromisoformat("2026-11-24T09:07")
    instant = datetime(2026, 11, 24, 8, 7, tzinfo=UTC)
    account = an_account(workspace)
    return a_post(workspace, account, local_time=local, timezone="Europe/Berlin", scheduled_for=instant)


def move(client, post, **values):
    return client.post(reverse("post_move", args=[post.public_id]), values, headers=HTMX)


def local_time(post):
    post.refresh_from_db()
    return post.local_time.isoformat()


def undo_of(answer):
    return re.search(r'action="([^"]+/undo/[^"]+)"', answer.content.decode())[1].replace("&amp;", "&")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"day": "2026-11-27"}, "2026-11-27T09:07:00"),
        ({"at": "2026-11-27T14:15"}, "2026-11-27T14:15:00"),
        ({"days": "-1"}, "2026-11-23T09:07:00"),
        ({"days": "7"}, "2026-12-01T09:07:00"),
        ({"minutes": "-15"}, "2026-11-24T08:52:00"),
    ],
)
def test_move_does_what_was_asked(member, post, values, expected):
    assert move(member, post, **values).status_code == 200
    assert local_time(post) == expected


def test_move_answers_with_the_calendar_where_one_stands(member, post):
    answer = move(member, post, day="2026-11-27", here="view=week&date=2026-11-25").content.decode()
    assert answer.strip().startswith(
        '<section class="calendar" id="calendar" hx-get="/?view=week&amp;date=2026-11-25&amp;seen='
    )
    cell = answer.split('data-day="2026-11-27"')[1].split("data-day=")[0]
    assert f'id="post-{post.public_id}"' in cell


def test_move_says_where_to_with_a_way_back(member, post):
    answer = move(member, post, day="2026-11-27")
    assert "Moved to Friday 27 November, 09:07." in answer.content.decode()
    undone = member.post(undo_of(answer), headers=HTMX)
    assert "Moved back to Tuesday 24 November, 09:07." in undone.content.decode()
    assert undone.headers["HX-Trigger"] == "app:wake"
    assert local_time(post) == "2026-11-24T09:07:00"


def test_move_into_a_gap_says_what_will_happen(member, post):
    answer = move(member, post, at="2027-03-28T02:30").content.decode()
    assert "03:30" in answer
    post.refresh_from_db()
    assert post.scheduled_for == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("status", [Status.PUBLISHING, Status.PUBLISHED])
def test_move_of_what_has_started_answers_409_in_words_and_the_old_cells(member, post, status):
    post.deliveries.update(status=status, token="t", lease_until=NOW)
    answer = move(member, post, day="2026-11-27")
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "can no longer change" in html
    assert f'id="post-{post.public_id}"' in html.split('data-day="2026-11-24"')[1].split("data-day=")[0]
    assert local_time(post) == "2026-11-24T09:07:00"


@pytest.mark.parametrize(
    "values",
    [
        {"day": "2026-11-01"},
        {"at": "2026-11-01T09:00"},
        {"at": "nonsense"},
        {"at": "9999-12-31T23:59"},
        {"at": "2026-11-27T09:00+02:00"},
        {"day": "2026-02-31"},
        {"days": "100000000"},
        {"minutes": "x"},
        {},
    ],
)
def test_move_to_nowhere_is_refused_in_words(member, post, values):
    answer = move(member, post, **values)
    assert answer.status_code == 422
    assert 'class="toast error"' in answer.content.decode()
    assert local_time(post) == "2026-11-24T09:07:00"


def test_form_that_can_be_mended_stays_open(member, post):
    answer = move(member, post, at="2026-11-01T09:00", asked="1", here="view=week")
    html = answer.content.decode()
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#dialog")
    assert 'value="2026-11-01T09:00"' in html
    assert "That time has passed." in html


def test_dialog_shows_the_viewers_clock(member, person, post):
    person.timezone = "Asia/Tokyo"
    person.save()
    html = member.get(reverse("post_move", args=[post.public_id]), headers=HTMX).content.decode()
    assert 'name="at" value="2026-11-24T17:07"' in html


@pytest.mark.parametrize(("fold", "at"), [("compatible", "01:30"), ("earlier", "00:30")])
def test_form_asks_what_a_time_that_does_not_exist_means(member, post, fold, at):
    asked = move(member, post, at="2027-03-28T02:30", asked="1")
    html = asked.content.decode()
    assert (asked.status_code, asked.headers["HX-Retarget"], local_time(post)) == (
        422,
        "#dialog",
        "2026-11-24T09:07:00",
    )
    assert "does not exist" in html
    assert re.findall(r'name="fold" value="(\w+)"', html) == ["compatible", "earlier"]
    move(member, post, at="2027-03-28T02:30", asked="1", fold=fold)
    post.refresh_from_db()
    assert f"{post.scheduled_for:%H:%M}" == at


def test_form_asks_which_of_two_hours(member, post):
    assert move(member, post, at="2026-10-25T02:30", asked="1").status_code == 422
    html = move(member, post, at="2027-10-31T02:30", asked="1").content.decode()
    assert "happens twice" in html


def test_move_without_a_script_goes_back_to_where_one_stood(member, post):
    values = {"at": "2026-11-27T14:15", "here": "view=week"}
    answer = member.post(reverse("post_move", args=[post.public_id]), values)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/?view=week")


def test_here_cannot_lead_away(member, post):
    values = {"days": "1", "here": "view=https://elsewhere.example/&date=//elsewhere.example"}
    assert member.post(reverse("post_move", args=[post.public_id]), values).headers["Location"] == "/?"


def test_undo_is_over_after_a_while(member, post, clock):
    answer = move(member, post, days="1")
    clock.shift(timedelta(seconds=90))
    assert "That was a while ago" in member.post(undo_of(answer), headers=HTMX).content.decode()
    assert local_time(post) == "2026-11-25T09:07:00"


def test_undo_is_refused_when_it_has_moved_again(member, post):
    first = move(member, post, days="1")
    move(member, post, days="1")
    assert "It has been moved again since." in member.post(undo_of(first), headers=HTMX).content.decode()
    assert local_time(post) == "2026-11-26T09:07:00"


def test_undo_of_another_post_or_of_nothing_is_not_found(member, workspace, post):
    answer = move(member, post, days="1")
    other = a_post(workspace, an_account(workspace))
    signed = undo_of(answer).split("?")[1]
    assert member.post(f"{reverse('post_move_undo', args=[other.public_id])}?{signed}").status_code == 404
    assert member.post(reverse("post_move_undo", args=[post.public_id])).status_code == 404


@pytest.mark.parametrize("name", ["post_move", "post_move_undo"])
def test_stranger_moves_nothing(client, post, name):
    stranger = a_user()
    a_workspace(stranger)
    client.force_login(stranger)
    assert client.post(reverse(name, args=[post.public_id]), {"days": "1"}).status_code == 404
    assert local_time(post) == "2026-11-24T09:07:00"


def test_deleted_post_is_not_moved(member, post):
    post.deleted_at = NOW
    post.save()
    assert move(member, post, days="1").status_code == 404
