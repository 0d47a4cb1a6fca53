"""Graphemes, facets and record keys."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler_ui.platforms.bluesky_text import TID_LETTERS, facets, length, mentioned, tid_of

PEOPLE = {"alice.test": "did:plc:alice", "bob.bsky.social": "did:plc:bob"}


def shown(text):
    """What each facet covers, and what it says."""
    data = text.encode()
    found = []
    for facet in facets(text, PEOPLE):
        covered = data[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        feature = facet["features"][0]
        found.append((covered, feature.get("uri") or feature.get("did") or feature.get("tag")))
    return found


@pytest.mark.parametrize(
    ("text", "graphemes"),
    [("", 0), ("Friday", 6), ("é", 1), ("e\u0301", 1), ("👩‍👩‍👧‍👦", 1), ("👋🏽", 1), ("🇩🇪🇫🇷", 2), ("a\r\nb", 3)],
)
def test_length_is_in_graphemes(text, graphemes):
    assert length(text) == graphemes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://example.org/page.", [("https://example.org/page", "https://example.org/page")]),
        ("(https://example.org/a_(b))", [("https://example.org/a_(b)", "https://example.org/a_(b)")]),
        ("https://example.org?a=1&b=2#c!", [("https://example.org?a=1&b=2#c", "https://example.org?a=1&b=2#c")]),
        ("http://a.test, http://b.test", [("http://a.test", "http://a.test"), ("http://b.test", "http://b.test")]),
        ("“https://example.org”", [("https://example.org", "https://example.org")]),
        ("https:// and xhttps://no.test", []),
        ("👋🏽 @alice.test!", [("@alice.test", "did:plc:alice")]),
        ("(@Alice.Test)", [("@Alice.Test", "did:plc:alice")]),
        ("@bob.bsky.social.", [("@bob.bsky.social", "did:plc:bob")]),
        ("mail@alice.test, @nobody.test, @alice", []),
        ("https://example.org/@alice.test", [("https://example.org/@alice.test", "https://example.org/@alice.test")]),
        ("#tägs, #a1 #日本語!", [("#tägs", "tägs"), ("#a1", "a1"), ("#日本語", "日本語")]),
        ("#1 #! # a#b ##", []),
        ("https://example.org/#top", [("https://example.org/#top", "https://example.org/#top")]),
        ("#" + "x" * 65, []),
        ("Friday", []),
    ],
)
def test_facets_cover_what_they_mean(text, expected):
    assert shown(text) == expected


def test_mentioned_names_each_once_in_order():
    assert mentioned("@bob.bsky.social and @Alice.test, @alice.test") == ["bob.bsky.social", "alice.test"]


@given(
    st.lists(
        st.sampled_from(
            ["https://example.org/ü", "@alice.test", "#tag", "👩‍👩‍👧‍👦", " ", "\n", ".", "(", ")", "ß", "@", "#"]
        )
    )
)
def test_facets_never_overlap_and_lie_within_the_text(parts):
    text = "".join(parts)
    spans = [(facet["index"]["byteStart"], facet["index"]["byteEnd"]) for facet in facets(text, PEOPLE)]
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(start < end <= len(text.encode()) for start, end in spans)
    assert all(text.encode()[start:end].decode() for start, end in spans)


def test_tid_is_valid_and_sorts_by_second():
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    keys = [tid_of(at + timedelta(seconds=number), "seed") for number in range(50)]
    assert keys == sorted(keys)
    assert all(len(key) == 13 and set(key) <= set(TID_LETTERS) and key[0] in "234567abcdefghij" for key in keys)


def test_tids_of_one_second_do_not_collide():
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert len({tid_of(at, str(number)) for number in range(1000)}) == 1000
