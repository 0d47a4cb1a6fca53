"""What the contract suite needs of a platform's test module: `Case`, an account on a network of its own."""

import io
from datetime import UTC, datetime

from PIL import Image

from scheduler_ui.platforms.base import AccountData, Content, MediaItem, Tools
from tests.platforms.stub import LOOPBACK, HastyHttp, Stub

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def tools(**fields) -> Tools:
    return Tools(http=HastyHttp(LOOPBACK), public_url="https://punctual.example", **fields)


def picture(size=(64, 48), kind="PNG", colour="teal") -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", size, colour).save(drawn, kind)
    return drawn.getvalue()


def an_image(data: bytes | None = None, **fields) -> MediaItem:
    data = picture() if data is None else data
    known = {"public_id": "m1", "kind": "image", "name": "cup.png", "content_type": "image/png", "bytes": len(data)}
    known |= {"width": 64, "height": 48, "alt": "a teal cup", "url": "https://punctual.example/media/m1/cup.png"}
    return MediaItem(**known | fields, open=lambda: io.BytesIO(data))


def a_content(text="Winter roast is back on Friday", *media, post_id="p1") -> Content:
    return Content(post_id, text, AT, media)


class Case:
    """One platform, one account. A platform's module fills in what differs."""

    platform: type
    form: dict[str, str]
    wrong_form: dict[str, str]  # refused in words, with `wrong_field` named
    wrong_field: str = ""
    secrets: tuple[str, ...] = ()  # typed or received; never to be seen
    speaks_http = False
    server: Stub | None = None  # to be made to fail, where it speaks HTTP

    def __init__(self):
        self.tools = tools()

    def connect(self):
        return self.platform.connect(self.form, self.tools)

    def account(self, **fields) -> AccountData:
        found = self.connect()
        known = {"remote_id": found.profile.remote_id, "handle": found.profile.handle, "settings": found.settings}
        return AccountData("acc1", **known | {"secrets": found.secrets, "limits": found.profile.limits} | fields)

    def open(self, **fields):
        return self.platform(self.account(**fields), self.tools)

    def posts(self) -> list[str]:
        """The texts of what is out there, one for each post."""
        raise NotImplementedError

    def lose_next_answer(self, platform) -> None:
        """The next publish is accepted, and its answer lost; nothing, where there is none to lose."""

    def close(self) -> None:
        if self.server:
            self.server.stop()
