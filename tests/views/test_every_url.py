"""Every address there is, asked by the wrong people: a new one fails here until it says whose it is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from scheduler_ui.models import Account, Delivery, Invite, Media, Notice, Post, Status
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db

# What anybody may see; each has tests of its own.
PUBLIC = {"healthz", "readyz", "metrics", "feed", "feed_atom", "feed_json", "feed_entry", "setup", "join", "one_tap"}
# Addresses that name a row: whose, and by what.
ROWS = {
    "account": Account,
    "rehearsal": Account,
    "post": Post,
    "composer": Post,
    "delivery": Delivery,
    "media": Media,
    "notice": Notice,
    "invite": Invite,
}
# Signed-in pages without a row in their address: each shows the member's own workspace.
OWN = {
    *("accounts", "accounts_connect", "calendar", "calendar_day", "shortcuts", "first_steps_hide", "examples_load"),
    *("examples_remove", "post_new", "composer_preview", "composer_autosave", "composer_restore", "composer_discard"),
    *(
        "media_upload",
        "notices",
        "notices_read",
        "invite",
        "record",
        "queue",
        "queue_confirm",
        "queue_apply",
        "settings",
    ),
    *("settings_look", "settings_name", "settings_mail", "settings_test_mail", "settings_workspace"),
    *("settings_publishing", "zone_change", "zone_ask", "zone_keep", "shell", "trash", "accounts_connect_to"),
    *("settings_restored", "queue_undo", "settings_pause", "settings_resume", "settings_publishing_resume"),
}


def names(resolver=None):
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern)
        elif pattern.name and not pattern.callback.__module__.startswith("allauth"):
            yield pattern.name, list(pattern.pattern.converters)


# allauth's `account_…` has tests of its own in test_account.py; ours of that prefix name an account.
URLS = sorted({(name, tuple(arguments)) for name, arguments in names()})
WITH_ROW = [name for name, arguments in URLS if name not in PUBLIC | OWN and arguments]
SIGNED_IN = [(name, arguments) for name, arguments in URLS if name not in PUBLIC]


@pytest.fixture
def rows():
    """One row of each kind in somebody else's workspace, by the first word of an address's name."""
    owner = a_user()
    workspace = a_workspace(owner)
    account = an_account(workspace)
    post = a_post(workspace, account, status=Status.FAILED)
    media = Media.objects.create(workspace=workspace, kind="image", file="x.png", name="x", content_type="x", bytes=1)
    notice = Notice.objects.create(
        workspace=workspace, kind="failed", title="x", event_key="x", created_at=timezone.now()
    )
    expires_at = timezone.now() + timedelta(days=1)
    invite = Invite.objects.create(workspace=workspace, token_sha256="x", created_by=owner, expires_at=expires_at)
    found = [account, post, post.deliveries.get(), media, notice, invite]
    return {type(row): row for row in found} | {"person": owner, "workspace": workspace}


def address(name, rows):
    first = name.split("_")[0]
    row = rows[ROWS[first]] if first in ROWS else rows[first]
    return reverse(name, args=[row.public_id])


def test_every_address_says_whose_it_is():
    unknown = [
        name for name, _ in SIGNED_IN if name not in OWN and name.split("_")[0] not in {*ROWS, "person", "workspace"}
    ]
    assert unknown == []


@pytest.mark.parametrize("name", WITH_ROW)
@pytest.mark.parametrize("method", ["get", "post"])
def test_stranger_finds_nothing(client, rows, name, method):
    stranger = a_user()
    a_workspace(stranger)
    client.force_login(stranger)

    status = getattr(client, method)(address(name, rows)).status_code

    # 405 tells nothing of a row: it is said before one is looked for.
    assert status in {404, 405}
    assert {getattr(client, other)(address(name, rows)).status_code for other in ("get", "post")} != {405}


@pytest.mark.parametrize(("name", "arguments"), SIGNED_IN)
def test_nobody_is_sent_to_sign_in(client, rows, name, arguments):
    if name == "accounts_connect_to":
        url = reverse(name, args=["feed"])
    else:
        url = address(name, rows) if arguments else reverse(name)
    answers = [client.get(url), client.post(url)]
    refused = [answer for answer in answers if answer.status_code != 405]
    assert {answer.status_code for answer in refused} <= {302, 404}
    assert all("/login/" in answer["Location"] for answer in refused if answer.status_code == 302)


@pytest.mark.parametrize(("name", "arguments"), SIGNED_IN)
def test_nothing_is_changed_without_the_token(rows, name, arguments):
    client = Client(enforce_csrf_checks=True)
    client.force_login(rows["person"])
    if name == "accounts_connect_to":
        url = reverse(name, args=["feed"])
    else:
        url = address(name, rows) if arguments else reverse(name)
    assert client.post(url).status_code in {403, 405}


@pytest.mark.parametrize(("name", "arguments"), URLS)
def test_every_answer_has_the_strict_policy(client, rows, name, arguments):
    client.force_login(rows["person"])
    try:
        url = address(name, rows) if arguments else reverse(name)
    except (NoReverseMatch, KeyError):
        url = reverse(name, args=["feed"] * len(arguments))
    policy = client.get(url)["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
