from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template import Context, Template

from scheduler_ui.models import Account, Delivery, Hold, Status, User
from tests.factories import NOW

BERLIN = User(timezone="Europe/Berlin", clock="24")
NEW_YORK = User(timezone="America/New_York", clock="12")
MOMENT = datetime(2026, 11, 23, 14, 5, 7, 41_900, tzinfo=UTC)


def drawn(source: str, **words) -> str:
    return " ".join(Template(source).render(Context(words)).split())


@pytest.mark.parametrize(
    ("name", "berlin", "new_york"),
    [
        ("clock", "15:05", "9:05 am"),
        ("clock_seconds", "15:05:07", "9:05:07 am"),
        ("clock_exact", "15:05:07.04", "9:05:07.04 am"),
        ("day", "Monday 23 November", "Monday 23 November"),
    ],
)
def test_one_moment_on_two_clocks(name, berlin, new_york):
    source = "{% load clock %}{{ moment|" + name + ":viewer }}"
    with time_machine.travel(NOW, tick=False):
        assert (drawn(source, moment=MOMENT, viewer=BERLIN), drawn(source, moment=MOMENT, viewer=NEW_YORK)) == (
            berlin,
            new_york,
        )


def test_daytime_names_another_day():
    source = "{% load clock %}{{ moment|daytime:viewer }}"
    tomorrow = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    with time_machine.travel(NOW, tick=False):
        assert drawn(source, moment=tomorrow, viewer=BERLIN) == "Tuesday 24 November, 09:00"


@pytest.mark.parametrize(
    ("span", "before", "after"),
    [
        (timedelta(seconds=4), "4 s ago", "in 4 s"),
        (timedelta(minutes=4), "4 min ago", "in 4 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min ago", "in 2 h 5 min"),
    ],
)
def test_spans_are_told_in_words(span, before, after):
    with time_machine.travel(NOW, tick=False):
        assert drawn("{% load clock %}{{ moment|ago }}", moment=NOW - span) == before
        assert drawn("{% load clock %}{{ moment|until }}", moment=NOW + span) == after
        late = "now" if span < timedelta(minutes=1) else before
        assert drawn("{% load clock %}{{ moment|until }}", moment=NOW - span) == late


@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_icon_and_its_word(status):
    badge = drawn('{% include "components/_status.html" %}', status=status)
    assert (f'class="badge b-{status}"' in badge, str(status.label) in badge, "#" in badge) == (True, True, True)
    assert "Held" not in badge


@pytest.mark.parametrize(
    ("status", "is_held"), [(Status.SCHEDULED, True), (Status.RETRYING, True), (Status.PUBLISHED, False)]
)
def test_hold_is_laid_over_what_still_waits(status, is_held):
    delivery = Delivery(status=status, hold_reason=Hold.PAUSED)
    assert ("data-held" in drawn('{% include "components/_status.html" %}', delivery=delivery)) is is_held


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ines Marques", "IM"), ("@harbor", "HA"), ("tom@example.org", "TO"), ("Ünal de la Cruz", "ÜD"), ("", "")],
)
def test_initials(name, letters):
    assert drawn("{% load people %}{{ name|initials }}", name=name) == letters


def test_avatar_shows_initials_without_a_picture():
    account = Account(name="Harbor Coffee", platform="feed", colour=3)
    avatar = drawn('{% include "components/_avatar.html" %}', account=account)
    assert ('<span class="ini">HC</span>' in avatar, "platforms/feed.svg#mark" in avatar) == (True, True)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(60, "1 h more on the clock"), (-285, "4 h 45 min less on the clock"), (0, "the same on the clock now")],
)
def test_shift_of_a_zone_in_words(minutes, words):
    assert drawn("{% load zones %}{{ ahead|shift }}", ahead=timedelta(minutes=minutes)) == words


def test_toast_with_an_undo_has_a_button_that_posts_there():
    toast = drawn('{% include "components/_toast.html" with text="Moved." undo="/undo/me/" %}')
    assert ('hx-post="/undo/me/"' in toast, 'data-toast="30"' in toast) == (True, True)
