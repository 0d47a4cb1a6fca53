from datetime import timedelta

import pytest

from scheduler_ui.domain import composing, copies, lateness, posts
from scheduler_ui.domain.composing import Filled
from scheduler_ui.domain.lateness import Policy
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.models import LateThen, Post, Workspace
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ((None, ""), Policy(60, "ask")),
        ((0, ""), Policy(0, "ask")),
        ((None, "skip"), Policy(60, "skip")),
        ((5, "skip"), Policy(5, "skip")),
    ],
)
def test_a_post_has_its_own_policy_and_else_the_workspaces(own, expected):
    post, workspace = Post(late_minutes=own[0], late_then=own[1]), Workspace(late_minutes=60, late_then=LateThen.ASK)
    assert lateness.policy_of(post, workspace) == expected
    assert lateness.own_policy(post, workspace) == (expected if own != (None, "") else None)


def test_late_is_counted_on_the_engines_clock(settings):
    settings.TIME_SCALE = 0.5
    policy = Policy(10)
    assert not policy.is_too_late(NOW - timedelta(minutes=5), NOW)
    assert policy.is_too_late(NOW - timedelta(minutes=5, microseconds=1), NOW)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(60), "up to 1 h late, then ask"),
        (Policy(5, "skip"), "up to 5 min late, then skip it"),
        (Policy(0), "never late: ask"),
        (Policy(0, "skip"), "never late: skip it"),
    ],
)
def test_a_policy_in_words(policy, words):
    assert policy.words == words


@pytest.fixture
def form():
    person = a_user()
    workspace = a_workspace(person)
    when = When(NOW.replace(tzinfo=None) + timedelta(days=1), "UTC")
    composed = Composed("Hello", (an_account(workspace),), when=when, late=Policy(5, "skip"))
    return Filled(None, workspace, person, composed, client_key="form-1")


def test_a_posts_own_policy_is_kept_read_back_and_copied(form):
    post = composing.send(form, NOW)
    assert (post.late_minutes, post.late_then) == (5, "skip")
    assert composing.read(post).late == Policy(5, "skip")
    copied = copies.duplicate(post, form.workspace, actor=form.person, now=NOW)
    assert (copied.late_minutes, copied.late_then) == (5, "skip")


def test_an_edit_may_give_the_policy_back_to_the_workspace(form):
    post = composing.send(form, NOW)
    plain = Composed("Hello", form.composed.accounts, when=form.composed.when)
    post = posts.schedule(post, form.workspace, form.person, plain, now=NOW)
    assert (post.late_minutes, post.late_then) == (None, "")


def test_another_policy_makes_another_form_of_it(form):
    post = composing.send(form, NOW)
    other = Composed("Hello", form.composed.accounts, when=form.composed.when)
    with pytest.raises(composing.AlreadySent):
        composing.send(Filled(None, form.workspace, form.person, other, client_key="form-1"), NOW)
    assert composing.send(form, NOW) == post
