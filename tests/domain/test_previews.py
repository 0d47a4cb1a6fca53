import pytest

from scheduler_ui.domain import previews
from scheduler_ui.domain.posts import Composed
from scheduler_ui.domain.previews import Card, Part
from scheduler_ui.models import Account, Media
from tests.factories import NOW, a_workspace, an_account
from tests.fakes import FakePlatform

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account(a_workspace(), name="Harbor Coffee")


def card(account, text="Hello", **composed) -> Card:
    return previews.cards([account], Composed(text, [account], **composed), NOW)[0]


def a_file(account, kind="image") -> tuple[Media, str]:
    content_type = "image/png" if kind == "image" else "video/mp4"
    row = Media(workspace=account.workspace, kind=kind, name="x", content_type=content_type, bytes=1, file="media/x")
    row.save()
    return row, ""


def sentences(card: Card) -> list[tuple[str, str]]:
    return [(problem.field, problem.sentence) for problem in card.problems]


def test_cards_count_in_the_platforms_own_unit(account):
    assert [getattr(card(account, "a" * 350), name) for name in ("count", "most", "unit", "over")] == [
        350,
        500,
        "characters",
        0,
    ]


def test_cards_say_by_how_much_a_text_is_too_long(account):
    said = card(account, "a" * 554)
    assert (said.over, sentences(said)) == (54, [("text", "54 over the 500 characters of Rehearsal.")])


def test_cards_of_an_account_that_is_not_chosen_have_no_problems(account):
    said = previews.cards([account], Composed("a" * 600), NOW)[0]
    assert (said.is_chosen, said.problems, said.count) == (False, (), 600)


def test_cards_of_an_account_with_its_own_text_count_that(account):
    said = card(account, "a" * 600, own_texts={account.pk: "short"})
    assert (said.has_own, said.text, said.count, said.problems) == (True, "short", 5, ())


def test_cards_of_an_empty_own_text_do_not_fall_back(account):
    assert card(account, "shared", own_texts={account.pk: ""}).text == ""


def test_cards_leave_out_an_account_of_a_platform_that_is_gone(account):
    account.platform = "myspace"
    assert previews.cards([account], Composed("x", [account]), NOW) == []


def test_cards_without_a_limit_are_never_over():
    feed = an_account(a_workspace(), platform="feed")
    said = card(feed, "a" * 100_000)
    assert (said.most, said.over, said.problems) == (None, 0, ())


@pytest.mark.parametrize(
    ("kinds", "text", "expected"),
    [
        (["image"] * 4, "x", []),
        (["image"] * 5, "x", [("media", "Rehearsal takes 4 pictures at most.")]),
        (["video"], "x", []),
        (["video", "video"], "x", [("media", "One video is the most that a post may have.")]),
        (["image"], " ", [("text", "Rehearsal needs some words.")]),
        ([], " ", []),
    ],
)
def test_cards_say_what_a_platform_has_no_room_for(account, kinds, text, expected):
    assert sentences(card(account, text, media=[a_file(account, kind) for kind in kinds])) == expected


@pytest.mark.parametrize(("kind", "words"), [("image", "no pictures"), ("video", "no videos")])
def test_cards_of_a_platform_for_words_alone_refuse_files(account, kind, words, monkeypatch):
    monkeypatch.setitem(previews.known(), "fake", FakePlatform)
    account.platform = "fake"
    assert sentences(card(account, media=[a_file(account, kind)])) == [("media", f"Fake takes {words}.")]


def test_cards_of_pictures_and_a_film_say_which_is_left_out(account):
    pictures, film = [a_file(account) for _ in range(3)], a_file(account, "video")
    said = card(account, media=[*pictures, film])
    assert (said.pictures, said.films) == (tuple(pictures), ())
    assert said.left_out == "1 file is left out: Rehearsal has no room for it."


def test_cards_of_a_platform_with_room_for_both_show_both():
    feed = an_account(a_workspace(), platform="feed")
    media = [a_file(feed), a_file(feed, "video")]
    said = card(feed, media=media)
    assert (said.pictures, said.films, said.left_out) == ((media[0],), (media[1],), "")


def test_parts_mark_links_and_what_is_too_much():
    text = "See https://harbor.coffee/a, @huila.farm and #coffee."
    assert previews.parts(text, 34) == [
        Part("See "),
        Part("https://harbor.coffee/a", is_facet=True),
        Part(", "),
        Part("@huil", is_facet=True),
        Part("a.farm", is_facet=True, is_over=True),
        Part(" and ", is_over=True),
        Part("#coffee", is_facet=True, is_over=True),
        Part(".", is_over=True),
    ]


@pytest.mark.parametrize("text", ["mail@harbor.coffee", "C#sharp", "1 # 2 @ 3"])
def test_parts_do_not_take_every_sign_for_a_link(text):
    assert previews.parts(text, len(text)) == [Part(text)]


def test_parts_never_cut_what_a_person_sees_as_one_sign(account):
    family = "👩‍👩‍👧"
    text = "a" * 498 + family + "b"
    assert [part.text for part in card(account, text).parts] == ["a" * 498, family + "b"]


@pytest.mark.parametrize("length", [0, 1, 499, 500, 501, 800])
def test_parts_together_are_the_text(account, length):
    text = ("wörd @x #y https://z.de/ä " * 40)[:length]
    assert "".join(part.text for part in card(account, text).parts) == text
    assert sum(len(part.text) for part in card(account, text).parts if not part.is_over) == min(length, 500)
