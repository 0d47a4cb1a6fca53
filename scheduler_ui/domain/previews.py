"""What each account would get of a filled-in composer: counted, judged and laid out by its own platform."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import regex
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scheduler_ui.domain import platform_tools
from scheduler_ui.domain.posts import Composed
from scheduler_ui.models import Account, Media
from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import AccountData, Content, Platform, Problem

Attached = tuple[tuple[Media, str], ...]

FACET = re.compile(r"https?://\S*[\w/]|(?<!\w)[@#][\w.\-]*\w")
# No platform lets a text stretch to so many times its limit, by counting long links as short or otherwise.
FAR = 50
GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True)
class Part:
    """A stretch of a text: whether a platform would make a link of it, and whether it is beyond the limit."""

    text: str
    is_facet: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class Card:
    """One account beside what it would get. `count` and `most` are in `unit`s; `most` None: no limit is known."""

    account: Account
    platform: str
    slug: str
    is_chosen: bool
    has_own: bool
    text: str
    count: int
    most: int | None
    unit: str
    problems: tuple[Problem, ...]
    pictures: Attached = ()
    films: Attached = ()
    left_out: str = ""

    @property
    def over(self) -> int:
        return max(0, self.count - self.most) if self.most else 0

    @property
    def parts(self) -> list[Part]:
        return parts(self.text, self._fitting() if self.over else len(self.text))

    @property
    def problem(self) -> str:
        """What the card's counter says instead of a number."""
        return self.problems[0].sentence if self.problems else ""

    @property
    def templates(self) -> list[str]:
        return [f"composer/previews/{self.slug}.html", "composer/previews/default.html"]

    def _fitting(self) -> int:
        """How many signs from the beginning are within the limit, cut between two signs that a person sees as one."""
        speaker = _speaker(self.account)
        ends = [match.end() for match in GRAPHEME.finditer(self.text[: FAR * (self.most or 0)])]
        low, high = 0, len(ends)
        while low < high:
            middle = (low + high + 1) // 2
            if speaker.length(self.text[: ends[middle - 1]]) <= (self.most or 0):
                low = middle
            else:
                high = middle - 1
        return ends[low - 1] if low else 0


def cards(accounts: Iterable[Account], composed: Composed, at: datetime) -> list[Card]:
    """One for every account that could be chosen, in their order; only chosen ones have problems."""
    chosen = {account.pk for account in composed.accounts}
    return [_card(account, composed, at, account.pk in chosen) for account in accounts if account.platform in known()]


def known() -> dict[str, type[Platform]]:
    return registry.PLATFORMS


def parts(text: str, fitting: int) -> list[Part]:
    """The text cut where links begin and end, and where it stops to fit."""
    edges = {0, fitting, len(text)}
    facets = [match.span() for match in FACET.finditer(text)]
    edges.update(edge for span in facets for edge in span)
    cuts = sorted(edges)
    return [
        Part(text[start:end], any(left <= start < right for left, right in facets), start >= fitting)
        for start, end in pairwise(cuts)
    ]


def _card(account: Account, composed: Composed, at: datetime, is_chosen: bool) -> Card:
    speaker = _speaker(account)
    own = composed.own_texts.get(account.pk)
    text = composed.text if own is None else own
    media = tuple(composed.media)
    count = speaker.length(text)
    items = tuple(platform_tools.media_item(one, alt) for one, alt in media)
    content = Content(post_id="preview", text=text, at=at, media=items)
    pictures, films = _shown(speaker, media)
    problems = tuple(_problems(speaker, content, count)) if is_chosen else ()
    return Card(
        account=account,
        platform=speaker.name,
        slug=speaker.slug,
        is_chosen=is_chosen,
        has_own=own is not None,
        text=text,
        count=count,
        most=speaker.max_length,
        unit=speaker.unit,
        problems=problems,
        pictures=pictures,
        films=films,
        left_out="" if problems else _left_out(speaker, len(media) - len(pictures) - len(films)),
    )


def _shown(speaker: Platform, media: Attached) -> tuple[Attached, Attached]:
    """The pictures and the films that a platform has room for."""
    pictures = tuple(one for one in media if one[0].kind == Media.Kind.IMAGE)[: speaker.max_images]
    films = tuple(one for one in media if one[0].kind == Media.Kind.VIDEO)[: int(speaker.takes_video)]
    return pictures, films if speaker.takes_image_with_video or not pictures else ()


def _left_out(speaker: Platform, number: int) -> str:
    words = {"platform": speaker.name, "number": number}
    if not number:
        return ""
    return (
        ngettext(
            "%(number)s file is left out: %(platform)s has no room for it.",
            "%(number)s files are left out: %(platform)s has no room for them.",
            number,
        )
        % words
    )


def _problems(speaker: Platform, content: Content, count: int) -> list[Problem]:
    """Too long is said once, with by how much; everything else is the platform's to say."""
    found = [*_room_problems(speaker, content), *speaker.check(content)]
    over = count - speaker.max_length if speaker.max_length else 0
    if over <= 0:
        return found
    return [Problem(_too_long(speaker, over)), *(problem for problem in found if problem.field != "text")]


def _room_problems(speaker: Platform, content: Content) -> list[Problem]:
    """What a platform has no room for, where leaving it out would make another post of it."""
    words = {"platform": speaker.name, "most": speaker.max_images}
    kinds = [item.kind for item in content.media]
    if kinds.count(Media.Kind.IMAGE) > speaker.max_images > 0:
        return [Problem(_("%(platform)s takes %(most)s pictures at most.") % words, "media")]
    if Media.Kind.IMAGE in kinds and not speaker.max_images:
        return [Problem(_("%(platform)s takes no pictures.") % words, "media")]
    if kinds.count(Media.Kind.VIDEO) > 1:
        return [Problem(_("One video is the most that a post may have."), "media")]
    if kinds and Media.Kind.IMAGE not in kinds and not speaker.takes_video:
        return [Problem(_("%(platform)s takes no videos.") % words, "media")]
    if speaker.needs_text and content.media and not content.text.strip():
        return [Problem(_("%(platform)s needs some words.") % words)]
    return []


def _too_long(speaker: Platform, over: int) -> str:
    words = {"over": over, "unit": speaker.unit, "platform": speaker.name, "most": speaker.max_length}
    return _("%(over)s over the %(most)s %(unit)s of %(platform)s.") % words


def _speaker(account: Account) -> Platform:
    """The account's platform without its secrets: counting needs none."""
    data = AccountData(
        public_id=account.public_id,
        remote_id=account.remote_id,
        handle=account.handle,
        settings=account.settings,
        limits=account.limits,
    )
    return registry.get(account.platform)(data, platform_tools.tools())


def things_to_fix(number: int) -> str:
    return ngettext("%(number)s thing to fix", "%(number)s things to fix", number) % {"number": number}
