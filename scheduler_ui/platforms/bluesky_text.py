"""Bluesky's text: graphemes, facets at UTF-8 offsets, and the record keys that sort by time."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import regex

MOST_GRAPHEMES = 300
MOST_BYTES = 3000
MOST_IN_A_TAG = 64
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HANDLE = regex.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?", regex.IGNORECASE)
_MENTION = regex.compile(rf"(?<![^\s(\[{{\"'])@({HANDLE.pattern})(?![\w@])", regex.IGNORECASE)
_LINK = regex.compile(r"(?<![\w@/])https?://[^\s<>\"“”]+", regex.IGNORECASE)
_TAG = regex.compile(r"(?<!\S)[#＃]((?!️)[^\s#＃\p{Cf}]+)")  # noqa: RUF001 - the wide sign begins a tag too
_TAIL = regex.compile(r"[.,;:!?'’…»]+$")  # noqa: RUF001 - as typed on phones

Span = tuple[int, int, dict[str, str]]


def length(text: str) -> int:
    """What a reader calls characters."""
    return len(regex.findall(r"\X", text))


def mentioned(text: str) -> list[str]:
    """The handles that `text` speaks of, in order, without repeats."""
    return list(dict.fromkeys(match.group(1).lower() for match in _MENTION.finditer(text)))


def facets(text: str, people: Mapping[str, str]) -> list[dict[str, Any]]:
    """Links, mentions and tags; `people` is who was found, DID by handle. Nothing else becomes one by itself."""
    spans: list[Span] = []
    for span in (*_links(text), *_mentions(text, people), *_tags(text)):
        if all(span[1] <= start or end <= span[0] for start, end, _feature in spans):
            spans.append(span)
    spans.sort(key=lambda span: span[0])
    return [
        {"index": {"byteStart": _bytes(text, start), "byteEnd": _bytes(text, end)}, "features": [feature]}
        for start, end, feature in spans
    ]


def tid_of(at: datetime, seed: str) -> str:
    """The record key of `seed` at `at`; its microseconds come from the seed, so that posts of a second differ."""
    chance = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
    moment = int(at.timestamp()) * 1_000_000 + (chance >> 10) % 1_000_000
    number = (moment << 10) | chance % 1024
    return "".join(TID_LETTERS[(number >> shift) & 31] for shift in range(60, -1, -5))


def _links(text: str) -> Iterator[Span]:
    for match in _LINK.finditer(text):
        url = _without_tail(match.group())
        if len(url) > len("https://"):
            yield match.start(), match.start() + len(url), {"$type": "app.bsky.richtext.facet#link", "uri": url}


def _without_tail(url: str) -> str:
    """A full stop ends the sentence, and a bracket that the address did not open was around it."""
    while True:
        shorter = _TAIL.sub("", url)
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter


def _mentions(text: str, people: Mapping[str, str]) -> Iterator[Span]:
    for match in _MENTION.finditer(text):
        did = people.get(match.group(1).lower())
        if did:
            yield match.start(), match.end(), {"$type": "app.bsky.richtext.facet#mention", "did": did}


def _tags(text: str) -> Iterator[Span]:
    for match in _TAG.finditer(text):
        tag = regex.sub(r"\p{P}+$", "", match.group(1))
        if regex.search(r"[^\d\p{P}]", tag) and length(tag) <= MOST_IN_A_TAG:
            yield match.start(), match.start(1) + len(tag), {"$type": "app.bsky.richtext.facet#tag", "tag": tag}


def _bytes(text: str, index: int) -> int:
    return len(text[:index].encode())


def stamp(at: datetime) -> str:
    """A moment as records carry it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def read_stamp(value: Any) -> datetime | None:
    """What another client may have written in any way; None where it says no moment."""
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
