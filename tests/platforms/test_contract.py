"""What every platform keeps to. A new one is found by the registry; its test module brings a `Case`."""

import importlib
import json
import logging
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler_ui.platforms.base import AccountData, ConnectField, Kind, Platform, Profile
from scheduler_ui.platforms.outcomes import Accepted, ConnectError, PlatformError, Published, Unconfirmed
from scheduler_ui.platforms.registry import PLATFORMS
from tests.platforms import stub
from tests.platforms.cases import AT, a_content, an_image, tools

ROOT = Path(__file__).resolve().parents[2]
FIELD_TYPES = {"text", "url", "password", "select", "number"}


CASES = {slug: importlib.import_module(f"tests.platforms.test_{slug}").Case for slug in PLATFORMS}


@pytest.fixture(params=list(PLATFORMS))
def slug(request):
    return request.param


@pytest.fixture
def case(slug):
    case = CASES[slug]()
    yield case
    case.close()


@pytest.fixture
def platform(case):
    return case.open()


def frozen(platform, content=None, key=None):
    content = content or a_content()
    key = key or platform.new_key(AT, "seed") or "key-1"
    prepared = platform.prepare(content) if platform.needs_prepare(content) else {}
    return platform.freeze(content, prepared, key), key


# --- What it says about itself ----------------------------------------------------------------------------------------


def test_platform_is_in_its_own_module_with_a_mark(slug):
    platform = PLATFORMS[slug]
    assert (platform.slug, platform.__module__) == (slug, f"scheduler_ui.platforms.{slug}")
    assert platform.name and 1 <= len(platform.mark) <= 2
    assert platform.description.endswith(".")
    assert 'id="mark"' in (ROOT / f"static/platforms/{slug}.svg").read_text()


def test_connect_form_can_be_drawn(slug):
    fields = PLATFORMS[slug].connect_fields
    assert all(isinstance(field, ConnectField) and field.label and field.type in FIELD_TYPES for field in fields)
    assert len({field.name for field in fields}) == len(fields)
    assert all(bool(field.choices) == (field.type == "select") for field in fields)


def test_case_is_about_this_platform(case, slug):
    assert case.platform is PLATFORMS[slug]


# --- Connecting -------------------------------------------------------------------------------------------------------


def test_connecting_verifies_at_once_and_keeps_secrets_apart(case):
    found = case.connect()
    assert 0 < len(found.profile.remote_id) <= 200
    assert 0 < len(found.profile.handle) <= 200
    shown = repr(found) + json.dumps([asdict(found.profile), dict(found.settings)], default=dict)
    assert [secret for secret in case.secrets if secret in shown] == []
    json.dumps(dict(found.secrets))


def test_connecting_again_is_the_same_account(case):
    assert case.connect().profile.remote_id == case.connect().profile.remote_id


def test_wrong_input_is_refused_in_words_that_name_the_field(case):
    with pytest.raises(ConnectError) as refusal:
        case.platform.connect(case.form | case.wrong_form, case.tools)
    assert str(refusal.value).endswith(".")
    assert refusal.value.field == (case.wrong_field or next(iter(case.wrong_form)))
    assert [secret for secret in case.secrets if secret in str(refusal.value)] == []


def test_empty_form_is_refused_or_needs_nothing(case):
    try:
        assert case.platform.connect({}, case.tools).profile.remote_id
    except ConnectError as refusal:
        assert refusal.field in {field.name for field in case.platform.connect_fields}


def test_account_whose_sign_in_was_wiped_fails_in_one_of_the_four_ways(case):
    wiped = case.open(secrets={})
    payload, key = {"text": "Hi", "record": {}, "body": "{}", "post": "p1"}, "key-1"
    try:
        assert isinstance(wiped.publish(payload, key), Published)
    except PlatformError as error:
        assert not isinstance(error, Unconfirmed)


# --- Freezing ---------------------------------------------------------------------------------------------------------


def test_frozen_payload_is_plain_and_the_same_each_time(case, platform):
    content = a_content("Hi @alice.test, https://example.org #roast", *[an_image()] * min(platform.max_images, 1))
    prepared = platform.prepare(content) if platform.needs_prepare(content) else {}
    key = platform.new_key(AT, "seed") or "key-1"
    first = json.dumps(platform.freeze(content, prepared, key), sort_keys=True)
    assert first == json.dumps(platform.freeze(content, prepared, key), sort_keys=True)
    assert json.loads(first)["text" if "text" in json.loads(first) else "post"]
    assert [secret for secret in case.secrets if secret in first] == []


def test_preparing_twice_gives_what_can_be_sent_twice(platform):
    content = a_content("Hi", an_image())
    assert json.loads(json.dumps(platform.prepare(content))) is not None
    assert platform.prepare(content).keys() == platform.prepare(content).keys()


def test_keys_are_short_and_never_the_same(platform):
    keys = [platform.new_key(AT, str(number)) for number in range(200)]
    assert keys == [platform.new_key(AT, str(number)) for number in range(200)]
    assert keys == [None] * 200 or (len(set(keys)) == 200 and all(len(key) <= 64 for key in keys))


def test_length_counts_and_nothing_is_wrong_with_a_plain_post(platform):
    assert platform.length("Friday") == 6
    assert platform.check(a_content()) == []


# --- Publishing -------------------------------------------------------------------------------------------------------


def test_published_post_is_out_once_with_an_id_of_its_own(case, platform):
    payload, key = frozen(platform)
    platform.warm()
    found = platform.publish(payload, key)
    assert isinstance(found, Published)
    assert 0 < len(found.remote_id) <= 300 and len(found.url) <= 500 and len(found.answer.encode()) <= 4000
    assert found.url == "" or found.url.startswith("https://")
    assert case.posts() == ["Winter roast is back on Friday"]


def test_same_key_again_is_the_same_post_on_a_key_platform(case, platform):
    payload, key = frozen(platform)
    ids = {platform.publish(payload, key).remote_id for _ in range(3)}
    assert platform.kind != Kind.KEY or (len(ids), len(case.posts())) == (1, 1)


def test_lost_answer_is_found_out_without_a_second_post(case, platform):
    payload, key = frozen(platform)
    case.lose_next_answer(platform)
    try:
        platform.publish(payload, key)
    except Unconfirmed:
        assert len(case.posts()) == 1
    found = platform.find(payload, key, AT - timedelta(days=9000))
    if found is None and platform.kind == Kind.KEY:
        found = platform.publish(payload, key)
    assert (found is None) == (platform.kind == Kind.BLIND)
    assert len(case.posts()) == 1


def test_own_latest_posts_are_listed_newest_first_where_they_can_be(case, platform):
    ids = []
    for text in ("First", "Second", "Third"):
        payload, key = frozen(platform, a_content(text), platform.new_key(datetime.now(UTC), text) or text)
        ids.append(platform.publish(payload, key).remote_id)
    listed = platform.recent(2)
    if listed is None:
        assert case.platform.recent is Platform.recent
        return
    assert [(post.remote_id, post.text) for post in listed] == [(ids[2], "Third"), (ids[1], "Second")]
    assert all(post.at is not None and post.url.startswith("https://") for post in listed)


def test_what_was_never_sent_is_not_found(platform):
    payload, key = frozen(platform)
    assert platform.find(payload, key, AT) is None


def test_post_that_can_be_deleted_is_gone_and_deleting_again_is_no_matter(case, platform):
    payload, key = frozen(platform)
    remote_id = platform.publish(payload, key).remote_id
    if not platform.can_delete:
        with pytest.raises(NotImplementedError):
            platform.delete(remote_id)
        return
    platform.delete(remote_id)
    platform.delete(remote_id)
    assert case.posts() == []


def test_profile_is_about_the_account_that_was_connected(case, platform):
    found = platform.profile()
    assert found is None or isinstance(found, Profile)
    assert found is None or found.remote_id == case.account().remote_id


# --- Whatever happens -------------------------------------------------------------------------------------------------


remote = pytest.mark.parametrize("slug", [slug for slug, case in CASES.items() if case.speaks_http])


@pytest.fixture(params=[*stub.WIRE_FAULTS, "refused"])
def fault(request):
    return request.param


def break_network(case, fault):
    case.tools.http.patience = timedelta(seconds=0.4)
    if fault == "refused":
        case.server.stop()
    else:
        case.server.faults = [stub.WIRE_FAULTS[fault]] * 9


CALLS = {
    "publish": lambda platform, payload, key: platform.publish(payload, key),
    "find": lambda platform, payload, key: platform.find(payload, key, AT),
    "prepare": lambda platform, payload, key: platform.prepare(a_content("Hi @alice.test", an_image())),
    "recent": lambda platform, payload, key: platform.recent(5),
    "profile": lambda platform, payload, key: platform.profile(),
    "refresh": lambda platform, payload, key: platform.refresh(),
}


@remote
@pytest.mark.parametrize("call", CALLS)
def test_no_fault_gives_anything_but_an_answer_or_one_of_four_errors(case, platform, fault, call, caplog):
    caplog.set_level(logging.DEBUG)
    payload, key = frozen(platform)
    break_network(case, fault)
    seen = [repr(platform.account), repr(case.tools)]
    try:
        found = CALLS[call](platform, payload, key)
        assert call != "publish" or isinstance(found, Published | Accepted)
        seen.append(repr(found))
    except PlatformError as error:
        assert str(error).endswith(".") and len(error.answer.encode()) <= 4000
        assert isinstance(error, Unconfirmed) <= (call == "publish")
        seen += [str(error), repr(error), error.answer, repr(error.__cause__)]
    assert [secret for secret in case.secrets for text in [*seen, caplog.text] if secret in text] == []


@remote
@pytest.mark.parametrize("call", CALLS)
def test_every_call_has_the_platforms_own_deadline(case, call):
    hasty = case.platform(case.account(), replace(case.tools, pace=0.5))
    payload, key = frozen(hasty)
    asked = case.tools.http.deadlines
    asked.clear()
    CALLS[call](hasty, payload, key)
    assert [one for one in asked if not timedelta(seconds=9) < one <= hasty.deadline] == []
    assert hasty.deadline == timedelta(seconds=10)


@remote
def test_no_fault_makes_connecting_anything_but_a_refusal_in_words(case, fault):
    break_network(case, fault)
    try:
        assert case.connect().profile.remote_id
    except (ConnectError, PlatformError) as refusal:
        assert str(refusal).endswith(".")
        assert [secret for secret in case.secrets if secret in str(refusal) + repr(refusal)] == []


def test_smallest_platform_has_a_safe_default_for_everything():
    class Smallest(Platform):
        slug = "smallest"
        name = "Smallest"

        def publish(self, payload, key):
            return Published(key)

    smallest = Smallest(AccountData("a"), tools())
    content = a_content()
    assert (smallest.kind, smallest.check(content), smallest.needs_prepare(content)) == (Kind.BLIND, [], False)
    assert smallest.freeze(content, smallest.prepare(content), "k") == {"text": content.text}
    assert (smallest.find({}, "k", AT), smallest.refresh(), smallest.profile(), smallest.new_key(AT, "seed")) == (
        None,
    ) * 4
    assert smallest.recent(5) is None
    assert smallest.publish({}, "k") == Published("k")
