"""The judge must be able to fail: each wrong log and each wrong row is fed to it once."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.checker import Arrival, Evidence, Promise, Row, Told, Window, check

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ROW = Row(1, "abc", "published", "", AT, None, AT + SECOND, "r1", "key-1", None, "Winter roast")
DIGEST = hashlib.sha256(b"Winter roast").hexdigest()
OUT = Arrival(AT + SECOND / 10, "key-1", "k", DIGEST, True)
IN_TIME = (Window("all", AT, 5),)
ASKED = replace(ROW, status="unconfirmed", settled_at=None)


def judged(rows=(ROW,), arrivals=(OUT,), windows=IN_TIME, **more):
    return check(Evidence(list(rows), list(arrivals), windows=windows, **more), AT + 60 * SECOND)


def test_what_went_out_on_time_and_once_passes():
    figures = judged()
    assert (figures.complaints, figures.n, figures.lateness, figures.recovery) == ([], 1, [0.1], {"all": 1.0})


def test_a_repeated_key_that_the_network_refused_is_not_twice():
    assert judged(arrivals=[OUT, replace(OUT, accepted=False)]).complaints == []


def test_what_was_asked_with_a_notice_is_not_lost():
    figures = judged([ASKED], [], notices=[Told("asked", 1, "key-1", AT + 2 * SECOND)])
    assert (figures.complaints, figures.asked, figures.recovery) == ([], 1, {"all": 2.0})


def test_a_later_post_is_measured_from_its_own_second():
    late = replace(ROW, scheduled_for=AT + 10 * SECOND, settled_at=AT + 11 * SECOND)
    figures = judged([late], [replace(OUT, at=AT + 11 * SECOND)])
    assert (figures.complaints, figures.recovery) == ([], {"all": 1.0})


def test_a_row_that_a_wrong_clock_wrote_is_measured_by_the_network():
    wrong = replace(ROW, settled_at=AT + 6 * 3600 * SECOND)
    assert judged([wrong]).recovery == {"all": 0.1}


def test_one_digest_tells_of_all_that_was_missed_and_of_nothing_else():
    missed, failed = (replace(ROW, status=status) for status in ("missed", "failed"))
    digest = [Told("digest", None, None, AT + SECOND)]
    assert judged([missed], [], notices=digest).complaints == []
    assert judged([failed], [], notices=digest).lost == ["abc (failed)"]


def test_what_waits_for_a_rate_limit_is_on_the_page():
    until = AT + 3600 * SECOND
    waiting = replace(ROW, status="scheduled", due_at=until, waits_until=until, settled_at=None)
    assert judged([waiting], [], windows=()).complaints == []


def test_an_arrival_is_judged_by_the_promise_of_its_own_moment():
    moved = replace(ROW, scheduled_for=AT + 30 * SECOND, settled_at=AT + 31 * SECOND)
    promises = [Promise(1, AT - SECOND, AT), Promise(1, AT + 10 * SECOND, AT + 30 * SECOND)]
    refused, out = replace(OUT, accepted=False), replace(OUT, at=AT + 30 * SECOND)
    assert judged([moved], [refused, out], promises=promises).complaints == []
    assert judged([moved], [refused, replace(out, at=AT + 29 * SECOND)], promises=promises).early == ["abc"]


PROMISED = [Promise(1, AT - SECOND, AT)]
PUT_OFF = replace(ROW, status="scheduled", scheduled_for=AT + 3600 * SECOND, due_at=AT + 3600 * SECOND, settled_at=None)
DRAFT, CANCELED = (replace(ROW, status=status, settled_at=None) for status in ("draft", "canceled"))


def test_what_a_person_ended_and_nobody_promised_is_not_lost():
    assert judged([DRAFT], [], windows=()).complaints == judged([CANCELED], [], windows=()).complaints == []


def test_what_is_promised_for_later_is_not_lost_yet():
    later = [Promise(1, AT - SECOND, AT + 61 * SECOND)]
    waiting = replace(ROW, status="scheduled", due_at=AT + 61 * SECOND, settled_at=None)
    assert judged([waiting], [], windows=(), promises=later).lost == []


def test_a_promised_delivery_without_a_row_is_counted_and_lost():
    figures = judged([], [], windows=(), promises=PROMISED)
    assert (figures.n, figures.lost) == (1, ["delivery 1 (has no row)"])


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("twice", {"arrivals": [OUT, replace(OUT, key="other")]}),
        ("early", {"arrivals": [replace(OUT, at=AT - SECOND / 1000)]}),
        ("early", {"arrivals": [replace(OUT, at=AT - SECOND, accepted=False), OUT]}),
        ("lost", {"arrivals": []}),  # the row claims it, the network does not have it
        ("lost", {"arrivals": [replace(OUT, accepted=False)]}),
        ("lost", {"rows": [replace(ROW, status="failed")], "arrivals": []}),  # and nobody was told
        ("lost", {"rows": [replace(ROW, status="scheduled", due_at=AT, settled_at=None)], "arrivals": []}),
        ("lost", {"rows": [replace(ROW, status="retrying", due_at=AT, settled_at=None)], "arrivals": []}),
        ("lost", {"rows": [replace(ROW, status="scheduled", due_at=AT + 99 * SECOND)], "arrivals": []}),
        ("early", {"promises": [Promise(1, AT - SECOND, AT + SECOND)]}),  # the row's own time was changed
        ("lost", {"rows": [replace(ROW, hold_reason="brake", settled_at=None)], "arrivals": []}),
        ("lost", {"rows": [DRAFT], "arrivals": [], "promises": PROMISED}),
        ("lost", {"rows": [CANCELED], "arrivals": [], "promises": PROMISED}),
        (
            "lost",
            {"rows": [CANCELED], "arrivals": [], "promises": PROMISED, "notices": [Told("account", None, "key-1", AT)]},
        ),
        # The row has put itself off, and nobody asked for that.
        ("lost", {"rows": [PUT_OFF], "arrivals": [], "promises": PROMISED}),
        ("lost", {"rows": [ASKED], "arrivals": [], "notices": [Told("asked", 2, "key-2", AT)]}),
        ("asked without a notice", {"rows": [ASKED], "notices": [Told("account", None, "key-1", AT)]}),
        ("unknown posts", {"arrivals": [OUT, replace(OUT, text_sha256="0" * 64)]}),
        ("not settled", {"rows": [replace(ROW, status="publishing", settled_at=None)]}),
        ("not settled", {"rows": [replace(ASKED, due_at=AT)]}),
        ("not within", {"rows": [replace(ROW, settled_at=AT + 6 * SECOND)]}),
        ("no delivery was affected", {"windows": [Window("all", AT, 5, frozenset({7}))]}),
    ],
)
def test_what_is_wrong_is_said(words, wrong):
    assert [complaint for complaint in judged(**wrong).complaints if words in complaint] != []
