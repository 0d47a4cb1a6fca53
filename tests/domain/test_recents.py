from datetime import timedelta

import pytest

from scheduler_ui.domain import deliveries, recents, vault
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Delivery, Status
from scheduler_ui.platforms.base import RemotePost
from scheduler_ui.platforms.outcomes import Expired, Unavailable
from tests.factories import NOW, a_delivery, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(fake):
    account = an_account(a_workspace(), platform="fake")
    account.secrets = vault.seal(account.public_id, {"token": "old"})
    account.save()
    return account


@pytest.fixture
def asked(account):
    payload = {"text": "Winter roast  is back"}
    return a_delivery(a_post(account.workspace), account, status=Status.UNCONFIRMED, payload=payload)


def test_what_the_network_lists_is_told_with_what_we_know_of_it(asked, account, fake):
    a_delivery(a_post(account.workspace), account, status=Status.PUBLISHED, remote_id="2")
    posts = [RemotePost("1", "Winter roast is back\n", NOW), RemotePost("2", "Winter roast is back"), RemotePost("3")]
    fake.script = {"recent": [posts]}
    found = recents.look(asked)
    assert [(one.post, one.is_alike, one.is_taken) for one in found.posts] == [
        (posts[0], True, False),
        (posts[1], True, True),
        (posts[2], False, False),
    ]
    assert found.sentence == ""


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "This network does not list posts, so only you can look."),
        ([], "The network lists no post of this account."),
        (Unavailable("It is away."), "The latest posts could not be listed: It is away."),
        (
            KeyError("canary"),
            "The latest posts could not be listed: Something went wrong here while the platform was asked.",
        ),
    ],
)
def test_what_cannot_be_listed_is_said(asked, fake, answer, sentence):
    fake.script = {"recent": [answer]}
    assert recents.look(asked) == recents.Listing(sentence=sentence)


def test_a_sign_in_that_expired_is_renewed_once(asked, fake):
    fake.script = {"recent": [Expired("Over."), [RemotePost("1")]]}
    assert len(recents.look(asked).posts) == 1
    assert [name for name, _detail in fake.calls] == ["recent", "refresh", "recent"]


def test_the_page_waits_no_longer_than_people_do(asked, fake, settings, monkeypatch):
    settings.TIME_SCALE = 1
    seen = []
    monkeypatch.setattr(fake, "recent", lambda platform, most: seen.append((platform.deadline, most)) or [])
    recents.look(asked)
    assert seen == [(timedelta(seconds=6), recents.MOST)]


def test_a_chosen_post_is_adopted(asked):
    person = a_user()
    deliveries.confirm_there(asked, "https://fake.example/1", "1", actor=person, now=NOW)
    kept = Delivery.objects.get()
    assert (kept.status, kept.remote_id, kept.remote_url) == ("published", "1", "https://fake.example/1")


def test_a_post_of_another_delivery_is_not_adopted(asked, account):
    a_delivery(a_post(account.workspace), account, status=Status.PUBLISHED, remote_id="1")
    with pytest.raises(Refused, match="another post of yours"):
        deliveries.confirm_there(asked, "", "1", actor=a_user(), now=NOW)
    asked.refresh_from_db()
    assert asked.status == Status.UNCONFIRMED
