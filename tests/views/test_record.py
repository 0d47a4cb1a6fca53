from datetime import timedelta

import pytest
from django.urls import reverse

from scheduler_ui.domain import boards, telling
from scheduler_ui.models import Delivery, Post, Status
from tests.factories import NOW, a_delivery, a_post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def out(workspace, account):
    def write(late_ms=40, at=NOW - timedelta(days=3), **fields):
        post = a_post(workspace, scheduled_for=at, **fields)
        delivery = a_delivery(post, account, status=Status.PUBLISHED, late_ms=late_ms)
        Delivery.objects.update(created_at=at)
        return delivery

    return write


def show(member, **query):
    return member.get(reverse("record"), query)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_empty_month_says_what_to_do(member):
    page = text_of(show(member))
    assert (
        "Nothing has gone out in November 2026" in page,
        "Schedule a post" in page,
        '<svg class="chart' in page,
    ) == (
        True,
        True,
        False,
    )


def test_empty_month_of_the_past_offers_nothing(member):
    page = text_of(show(member, month="2026-10"))
    assert ("Nothing has gone out in October 2026" in page, "Schedule a post" in page) == (True, False)


def test_one_post_is_a_sentence_figures_and_a_drawing(member, out):
    out(40)
    page = text_of(show(member))
    assert "<b>1 of 1 post</b> went out within one second of its time." in page
    assert "median; 95 of 100 within 0.04 s, all within 0.04 s" in page
    assert ("None was late by more than a second." in page, '<svg class="chart"' in page) == (True, True)


def test_median_is_green_up_to_a_second_and_beyond_it_the_words_say_so_too(member, out):
    out(1000)
    assert '<span class="ok">1.0 s</span> <small>median; 95 of 100' in text_of(show(member))
    Delivery.objects.update(late_ms=1001)
    assert '<span class="warn">1.0 s</span> <small>median, over 1 s; 95 of 100' in text_of(show(member))


def test_median_of_nothing_has_no_colour(member, out):
    out()
    Delivery.objects.update(status=Status.FAILED, late_ms=None)
    assert "<span>0.00 s</span> <small>median; 95 of 100" in text_of(show(member))


def test_late_ones_are_listed_with_the_reason(member, out):
    out(302_000, text="Winter roast")
    page = text_of(show(member))
    assert ("Winter roast" in page, "5 min 2 s" in page, "Nothing was written down that tells why." in page) == (
        True,
        True,
        True,
    )


def test_late_one_in_the_trash_is_listed_without_a_link(member, out):
    delivery = out(302_000, text="Winter roast")
    Post.objects.update(deleted_at=NOW)
    page = text_of(show(member))
    assert ("Winter roast" in page, reverse("post", args=[delivery.post.public_id]) in page) == (True, False)


def test_markup_in_a_post_or_an_answer_is_text(member, out):
    delivery = out(302_000, text="<img src=x>")
    delivery.attempts.create(number=1, marked_at=NOW, outcome="unavailable", error="<b>busy</b>")
    delivery.attempts.create(number=2, marked_at=NOW + timedelta(minutes=5), outcome="published")
    page = text_of(show(member))
    assert ("<img src=x>" in page, "<b>busy</b>" in page, "&lt;b&gt;busy" in page) == (False, False, True)


def test_table_says_what_the_drawing_shows(member, out):
    out(40)
    out(2000)
    telling.remember("missed", Delivery.objects.all()[:1], NOW)
    page = text_of(show(member))
    assert '<th scope="row">Fri 20 Nov</th><td>2</td><td>0.04 s</td><td>2.0 s</td><td>1</td><td>0</td>' in page
    assert '<th scope="row">Mon 23 Nov</th><td>0</td><td></td><td></td><td>0</td><td>1</td>' in page


def test_earlier_months_are_reached_while_there_is_something(member, out):
    out(40, at=NOW - timedelta(days=40))
    now = text_of(show(member))
    then = text_of(show(member, month="2026-10"))
    assert ("?month=2026-10" in now, "?month=2026-12" in now) == (True, False)
    assert ("?month=2026-09" in then, "?month=2026-11" in then, "1 of 1 post" in then) == (False, True, True)


@pytest.mark.parametrize("month", ["", "x", "2026-13", "2027-01", "0001-01", "2026-11-05"])
def test_whatever_is_not_a_month_of_the_past_is_this_one(member, month):
    assert show(member, month=month).context["title"] == "November 2026"


@pytest.mark.parametrize("rows", [1, 3])
def test_page_costs_the_same_queries_at_one_row_and_three(member, out, rows, django_assert_num_queries):
    for _row in range(rows):
        out(2000)
    with django_assert_num_queries(16):
        assert len(show(member).context["page"].latest) == rows


def test_poll_that_would_show_nothing_new_is_empty(member, workspace, out):
    out(40)
    address = show(member).context["poll"].url
    assert member.get(address, headers=HTMX).status_code == 204
    boards.touch(workspace.pk)
    answer = member.get(address, headers=HTMX)
    assert (answer.status_code, text_of(answer).startswith('<div id="record"')) == (200, True)
