from io import BytesIO

import pytest
from PIL import Image

from scheduler_ui.domain import avatars, platform_tools
from scheduler_ui.models import Account
from scheduler_ui.platforms.base import Tools
from scheduler_ui.platforms.outcomes import Rejected
from tests.factories import a_workspace, an_account


def a_picture(size=(300, 200), colour="teal", kind="PNG"):
    drawn = BytesIO()
    Image.new("RGB", size, colour).save(drawn, kind)
    return drawn.getvalue()


class Fetching:
    """The HTTP seam: gives what it is told to."""

    def __init__(self, answer):
        self.answer = answer

    def fetch(self, url, most_bytes):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def account(db):
    return an_account(a_workspace())


@pytest.fixture
def serve(monkeypatch):
    return lambda answer: monkeypatch.setattr(platform_tools, "tools", lambda: Tools(Fetching(answer)))


def test_a_picture_becomes_a_small_square_without_what_was_hidden_in_it():
    drawn = avatars.recode(a_picture() + b"<script>alert(1)</script>")
    assert Image.open(BytesIO(drawn)).size == (160, 160)
    assert Image.open(BytesIO(drawn)).format == "WEBP"
    assert b"script" not in drawn


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + b"0" * 40, a_picture()[:60]],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(avatars.NotAPicture):
        avatars.recode(data)


def test_a_bomb_is_refused_by_its_header():
    with pytest.raises(avatars.NotAPicture, match="too many pixels"):
        avatars.recode(a_picture((10_000, 10_000)))


def test_a_fetched_picture_is_kept_and_replaced(account, serve):
    serve(a_picture())
    avatars.renew(account, "https://cdn.example/a.png")
    first = Account.objects.get().avatar
    serve(a_picture(colour="red"))
    avatars.renew(account, "https://cdn.example/b.png")
    second = Account.objects.get().avatar
    assert (first.storage.exists(first.name), second.storage.exists(second.name)) == (False, True)


@pytest.mark.parametrize("answer", [Rejected("That is a private address."), b"<html>"])
def test_a_picture_that_cannot_be_had_leaves_the_old_one(account, serve, answer):
    serve(a_picture())
    avatars.renew(account, "https://cdn.example/a.png")
    kept = Account.objects.get().avatar.name
    serve(answer)
    avatars.renew(account, "https://cdn.example/b.png")
    assert Account.objects.get().avatar.name == kept


def test_an_address_of_our_own_network_is_never_asked(account):
    avatars.renew(account, "http://127.0.0.1:1/a.png")
    assert not Account.objects.get().avatar
