"""The built-in feed: nothing leaves the house."""

import pytest

from scheduler_ui.platforms.base import AccountData, Profile
from scheduler_ui.platforms.feed import Feed
from scheduler_ui.platforms.outcomes import ConnectError, Published
from tests.platforms import cases
from tests.platforms.cases import a_content


class Case(cases.Case):
    platform = Feed
    form = {"name": "Harbor journal", "slug": "harbor"}
    wrong_form = {"slug": "Harbor & Söhne"}

    def __init__(self):
        super().__init__()
        self.sent = {}

    def open(self, **fields):
        sent = self.sent

        class Watched(Feed):
            def publish(self, payload, key):
                sent[payload["post"]] = payload.get("text")
                return super().publish(payload, key)

        return Watched(self.account(**fields), self.tools)

    def posts(self):
        return list(self.sent.values())


def test_entry_is_where_the_feed_is():
    feed = Case().open()
    payload = feed.freeze(a_content(post_id="Xy7"), {}, "key-1")
    assert feed.publish(payload, "key-1") == Published("Xy7", "https://punctual.example/feeds/harbor/Xy7/")


def test_one_click_is_enough():
    found = Feed.connect({}, cases.tools())
    assert found.profile.name == "Our feed"
    assert found.profile.remote_id == found.settings["slug"]
    assert found.profile.url == f"https://punctual.example/feeds/{found.settings['slug']}/"


@pytest.mark.parametrize(
    ("name", "stem"),
    [("Harbor Coffee!", "harbor-coffee"), ("Kaffeeröster", "kaffeeroster"), ("珈琲", "feed"), ("x" * 90, "x" * 50)],
)
def test_address_is_made_from_the_name_and_differs_each_time(name, stem):
    slugs = {Feed.connect({"name": name}, cases.tools()).settings["slug"] for _ in range(5)}
    assert {slug[:-5] for slug in slugs} == {stem}
    assert len(slugs) > 1


@pytest.mark.parametrize("slug", ["-harbor", "harbor-", "a/b", "..", "x" * 61, "häfen", "a b"])
def test_address_that_is_none_is_refused(slug):
    with pytest.raises(ConnectError) as refusal:
        Feed.connect({"slug": slug}, cases.tools())
    assert refusal.value.field == "slug"


def test_profile_needs_no_network():
    account = AccountData("acc1", "harbor", settings={"slug": "harbor", "name": "Harbor journal"})
    found = Feed(account, cases.tools()).profile()
    assert found == Profile("harbor", "/feeds/harbor/", "Harbor journal", "https://punctual.example/feeds/harbor/")
