import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import boards
from scheduler_ui.models import Post, Status
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
VIEWS = ["month", "week", "day", "list"]
HTMX = {"HX-Request": "true"}


def show(client, **query):
    return client.get("/", query).content.decode()


def posts_by_day(html):
    """What the cells or columns of a page hold: day, and the clocks of its cards."""
    days = re.split(r'data-day="([\d-]+)"', html)[1:]
    found = {
        day: re.findall(r'<time datetime="[^"]+">([^<]+)</time>\s*<span class="net"', body)
        for day, body in zip(days[::2], days[1::2], strict=True)
    }
    return {day: clocks for day, clocks in found.items() if clocks}


def poll_of(html):
    return re.search(r'id="calendar" hx-get="([^"]+)"', html)[1].replace("&amp;", "&")


def test_calendar_asks_strangers_to_sign_in(client):
    assert client.get("/").headers["Location"] == "/account/login/?next=/"


@pytest.mark.parametrize("view", VIEWS)
def test_calendar_shows_nothing_of_another_workspace(member, view):
    other = a_workspace(a_user())
    a_post(other, an_account(other, name="Secret Coffee"), text="Secret roast")
    html = show(member, view=view)
    assert "Secret" not in html


@pytest.mark.parametrize("view", ["month", "week", "day"])
def test_views_agree_on_day_and_hour(member, workspace, account, view):
    a_post(workspace, account, scheduled_for=datetime(2026, 11, 23, 22, 59, tzinfo=UTC))
    a_post(workspace, account, scheduled_for=datetime(2026, 11, 23, 23, 0, tzinfo=UTC))
    days = posts_by_day(show(member, view=view, date="2026-11-23"))
    assert days.get("2026-11-23") == ["23:59"]
    assert view == "day" or days["2026-11-24"] == ["00:00"]


@pytest.mark.parametrize("view", ["week", "day"])
def test_card_stands_at_its_quarter(member, workspace, account, view):
    post = a_post(workspace, account, scheduled_for=NOW + timedelta(minutes=100))
    html = show(member, view=view)
    assert re.search(rf'class="chip c\d+ s42 d\d l1of1" id="post-{post.public_id}"', html)  # 10:40 in Berlin


@pytest.mark.parametrize(("view", "shown"), [("month", 2), ("week", 2), ("day", 2), ("list", 2)])
def test_two_posts_at_one_minute_are_both_there(member, workspace, account, view, shown):
    ids = [a_post(workspace, account).public_id for _number in range(2)]
    html = show(member, view=view)
    assert [html.count(f'id="post-{public_id}"') for public_id in ids] == [1, 1]


def test_month_shows_three_and_links_to_the_rest(member, workspace, account):
    for number in range(5):
        a_post(workspace, account, scheduled_for=NOW + timedelta(hours=number))
    html = show(member)
    assert posts_by_day(html) == {"2026-11-23": ["09:00", "10:00", "11:00"]}
    link = re.search(r'id="more-2026-11-23" href="([^"]+)" data-dialog>\+2 more<', html)[1].replace("&amp;", "&")
    rows = member.get(link, headers=HTMX).content.decode()
    assert rows.count('<li class="c') == 5


def test_more_in_a_new_tab_is_the_day_view(member, account):
    link = reverse("calendar_day") + f"?here=account%3D{account.public_id}&date=2026-11-23"
    expected = f"/?view=day&date=2026-11-23&picked=1&account={account.public_id}"
    assert member.get(link).headers["Location"] == expected


def test_card_wears_a_globe_where_its_own_clock_differs(member, workspace, account):
    local = datetime.fromisoformat("2026-11-23T18:00")
    a_post(workspace, account, local_time=local, timezone="Asia/Tokyo")
    html = show(member)
    assert ("18:00 Tokyo" in html, "icons.svg#globe" in html.split('class="net"')[1]) == (True, True)


def test_month_lists_the_chosen_day_whole_for_phones(member, workspace, account):
    ids = {a_post(workspace, account, scheduled_for=NOW + timedelta(hours=number)).public_id for number in range(5)}
    assert set(re.findall(r'<li class="c\d+" id="agenda-([\w-]+)"', show(member))) == ids


def test_month_marks_today_and_what_is_past(member):
    html = show(member)
    assert re.findall(r'id="day-([\d-]+)"[^>]+aria-current="date"', html) == ["2026-11-23"]
    past = re.findall(r'id="day-([\d-]+)"[^>]*class="[^"]*\bpast\b', html)
    assert (past[0], past[-1]) == ("2026-10-26", "2026-11-22")


def test_weeks_begin_when_the_person_says(member, person):
    person.week_start = 6
    person.save()
    assert re.search(r'id="day-([\d-]+)"', show(member))[1] == "2026-11-01"


def test_clock_is_the_persons(member, person, workspace, account):
    person.clock = "12"
    person.save()
    a_post(workspace, account, scheduled_for=NOW + timedelta(hours=7))
    assert posts_by_day(show(member, view="week")) == {"2026-11-23": ["4:00 pm"]}


def test_line_of_now_is_where_the_viewers_clock_is(member):
    assert 'class="now s36" id="now" data-minute="540"' in show(member, view="week")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ({"date": "2027-02-10"}, "February 2027"),
        ({"view": "week", "date": "2026-12-30"}, "28 Dec 2026 to 3 Jan 2027"),
        ({"view": "week", "date": "2026-11-25"}, "23 to 29 Nov 2026"),
        ({"view": "day", "date": "2026-11-25"}, "Wed 25 November 2026"),
        ({"date": "nonsense"}, "November 2026"),
        ({"date": "2026-02-31"}, "November 2026"),
        ({"date": "0001-01-01"}, "November 2026"),
        ({"date": "9999-12-31"}, "November 2026"),
        ({"view": "year"}, "November 2026"),
    ],
)
def test_address_decides_what_is_looked_at(member, query, title):
    assert f"<h1>{title}</h1>" in show(member, **query)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("date", ["1970-01-02", "2199-12-30"])
def test_ends_of_the_calendar_can_be_shown(member, view, date):
    assert member.get("/", {"view": view, "date": date}).status_code == 200


def test_filter_stays_in_every_link(member, account):
    html = show(member, account=account.public_id, status="failed")
    links = re.findall(r'href="(\?[^"]+)"', html)
    kept = [f"picked=1&amp;account={account.public_id}&amp;status=failed" in link for link in links]
    assert set(kept) == {True}


def test_filter_by_account_and_status(member, workspace, account):
    other = an_account(workspace)
    wanted = a_post(workspace, account, status=Status.FAILED)
    a_post(workspace, account)
    a_post(workspace, other, status=Status.FAILED)
    html = show(member, account=account.public_id, status="failed")
    assert re.findall(r'id="post-([\w-]+)" data-status', html) == [wanted.public_id]


def test_filter_with_nothing_ticked_shows_nothing(member, workspace, account):
    a_post(workspace, account)
    html = show(member, picked="1")
    assert posts_by_day(html) == {}
    assert re.findall(r'name="account" value="[\w-]+"( checked)?', html) == ["", ""]


def test_post_to_several_accounts_is_one_card(member, workspace, account):
    post = a_post(workspace, account, an_account(workspace), status=Status.PUBLISHED)
    a_delivery(post, an_account(workspace), status=Status.FAILED)
    html = show(member)
    assert html.count(f'id="post-{post.public_id}" data-status="failed"') == 1
    assert "2 of 3 published, 1 failed" in html


def test_text_of_a_post_is_never_markup(member, workspace, account):
    a_post(workspace, account, text='<script>alert("x")</script>')
    for view in VIEWS:
        assert '<script>alert("x")' not in show(member, view=view)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("posts", [1, 3])
def test_calendar_takes_ten_queries(member, workspace, account, view, posts, django_assert_num_queries):
    for number in range(posts):
        a_post(workspace, account, an_account(workspace), scheduled_for=NOW + timedelta(hours=number))
    with django_assert_num_queries(10):
        member.get("/", {"view": view})


def test_poll_that_would_show_nothing_new_is_two_queries(member, workspace, account, django_assert_num_queries):
    a_post(workspace, account)
    address = poll_of(show(member))
    with django_assert_num_queries(2):
        answer = member.get(address, headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")


def test_poll_after_a_change_brings_the_region_alone(member, workspace, account):
    a_post(workspace, account)
    address = poll_of(show(member))
    boards.touch(workspace.pk)
    answer = member.get(address, headers=HTMX).content.decode()
    assert answer.strip().startswith('<section class="calendar" id="calendar"')
    assert member.get(poll_of(answer), headers=HTMX).status_code == 204


def test_poll_keeps_view_day_and_filter(member, workspace, account):
    a_post(workspace, account)
    html = show(member, view="week", date="2026-11-25", account=account.public_id)
    assert poll_of(html).startswith(f"/?view=week&date=2026-11-25&picked=1&account={account.public_id}&seen=")


@pytest.mark.parametrize("minutes", [1, 30, 90])
def test_poll_is_slower_the_less_is_near(member, workspace, account, minutes):
    a_post(workspace, account, scheduled_for=NOW + timedelta(minutes=minutes))
    seconds = {1: 2, 30: 10, 90: 30}[minutes]
    assert re.search(r'id="calendar"[^>]+hx-trigger="every (\d+)s', show(member))[1] == str(seconds)


def test_poll_of_somebody_signed_out_elsewhere_asks_to_sign_in(member, person, workspace, account):
    a_post(workspace, account)
    address = poll_of(show(member))
    person.set_password("another good password")
    person.save()
    answer = member.get(address, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/account/login/?next=/")


def test_poll_of_a_former_member_shows_nothing(member, person, workspace, account):
    a_post(workspace, account)
    address = poll_of(show(member))
    person.memberships.all().delete()
    assert member.get(address, headers=HTMX).status_code == 404


def test_poll_follows_to_the_workspace_that_is_opened_elsewhere(member, person, workspace, account):
    a_post(workspace, account)
    other = a_workspace(person)
    a_post(other, an_account(other), text="The other roast")
    address = poll_of(show(member))
    member.post(reverse("workspace_open", args=[other.public_id]))
    assert "The other roast" in member.get(address, headers=HTMX).content.decode()


def test_poll_stays_quiet_where_the_opened_workspace_is_nobodys(member, workspace, account):
    a_post(workspace, account)
    address = poll_of(show(member))
    member.post(reverse("workspace_open", args=["gone"]))
    assert member.get(address, headers=HTMX).status_code == 204


def test_poll_with_an_invented_state_gets_the_page(member):
    assert member.get("/", {"seen": "x.y"}, headers=HTMX).status_code == 200


def test_empty_workspace_shows_the_first_steps(member):
    html = show(member)
    assert "First steps" in html
    assert f'action="{reverse("accounts_connect_to", args=["feed"])}"' in html


def test_first_steps_tick_the_account(member, account):
    html = show(member)
    assert "1 of 3 done" in html


def test_first_steps_go_when_there_is_a_post(member, workspace, account):
    a_post(workspace, account, scheduled_for=NOW + timedelta(days=200))
    assert "First steps" not in show(member)


def test_first_steps_can_be_hidden(member):
    member.post(reverse("first_steps_hide"))
    assert "First steps" not in show(member)


def test_examples_come_and_go(member):
    member.post(reverse("examples_load"))
    assert "Remove the examples" in show(member)
    member.post(reverse("examples_remove"))
    assert Post.objects.count() == 0
    assert "First steps" in show(member)


@pytest.mark.parametrize("name", ["first_steps_hide", "examples_load", "examples_remove"])
def test_changes_are_post_only(member, name):
    assert member.get(reverse(name)).status_code == 405


def test_shortcuts_are_listed(member):
    assert "<kbd>c</kbd>" in member.get(reverse("shortcuts"), headers=HTMX).content.decode()
