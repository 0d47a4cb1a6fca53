from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler_ui.domain import composing, limits, posts
from scheduler_ui.domain.composing import AlreadySent, Changed, Filled, Unready
from scheduler_ui.domain.posts import Composed, When
from scheduler_ui.domain.refusals import AlreadyStarted, Refused
from scheduler_ui.models import Account, Media, Post, Status
from tests.factories import NOW, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
FRIDAY = When(datetime.fromisoformat("2026-11-27T09:00"), BERLIN)


@pytest.fixture
def person():
    return a_user()


@pytest.fixture
def workspace(person):
    return a_workspace(person)


@pytest.fixture
def account(workspace) -> Account:
    return an_account(workspace)


@pytest.fixture
def form(workspace, person, account) -> Filled:
    return Filled(None, workspace, person, Composed("Hello", (account,), when=FRIDAY), client_key="form-1")


def saying(form: Filled, text: str, **more) -> Filled:
    return replace(form, composed=replace(form.composed, text=text), **more)


def editing(form: Filled, post: Post, text: str) -> Filled:
    fresh = Post.objects.get(pk=post.pk)
    return saying(form, text, post=fresh, client_key="", seen=composing.state_of(fresh))


def statuses(post: Post) -> list[str]:
    return list(post.deliveries.order_by("pk").values_list("status", flat=True))


def test_keep_makes_one_draft_of_a_form_however_often_it_is_saved(form):
    first = composing.keep(saying(form, "H"), NOW)
    second = composing.keep(saying(form, "Hello", seen=composing.state_of(first)), NOW)
    assert (second.pk, Post.objects.count(), Post.objects.get().text, statuses(second)) == (
        first.pk,
        1,
        "Hello",
        ["draft"],
    )


def test_send_arms_the_draft_that_the_form_has_saved_before(form):
    draft = composing.keep(form, NOW)
    post = composing.send(form, NOW)
    assert (post.pk, Post.objects.count(), statuses(post)) == (draft.pk, 1, ["scheduled"])


@pytest.mark.parametrize("is_now", [False, True])
def test_send_twice_is_one_post(form, is_now):
    first = composing.send(form, NOW, is_now=is_now)
    before = first.deliveries.get()
    second = composing.send(form, NOW + timedelta(seconds=1), is_now=is_now)
    assert (second.pk, Post.objects.count()) == (first.pk, 1)
    assert second.deliveries.get().version == before.version


def test_send_again_after_its_time_has_come_is_still_the_same_post(form):
    first = composing.send(form, NOW)
    assert composing.send(form, FRIDAY.instant + timedelta(minutes=1)).pk == first.pk


def test_send_now_twice_when_the_first_is_out_already_is_the_same_post(form):
    first = composing.send(form, NOW, is_now=True)
    first.deliveries.update(status=Status.PUBLISHED, due_at=None)
    assert composing.send(form, NOW + timedelta(seconds=3), is_now=True).pk == first.pk


def test_send_the_same_form_with_other_words_is_told_and_changes_nothing(form):
    first = composing.send(form, NOW)
    with pytest.raises(AlreadySent) as refused:
        composing.send(saying(form, "Something else"), NOW)
    assert (refused.value.post, Post.objects.get().text) == (first, "Hello")


def test_send_with_another_name_makes_another_post(form):
    composing.send(form, NOW)
    composing.send(saying(form, "Something else", client_key="form-2"), NOW)
    assert Post.objects.count() == 2


def test_keep_a_save_that_comes_after_the_sending_does_not_take_it_back(form):
    post = composing.send(form, NOW)
    composing.keep(form, NOW)
    with pytest.raises(AlreadySent):
        composing.keep(saying(form, "Hell"), NOW)
    assert (statuses(post), Post.objects.get().text) == (["scheduled"], "Hello")


def test_send_an_edit_changes_the_post(form):
    post = composing.send(form, NOW)
    composing.send(editing(form, post, "Better"), NOW)
    assert (Post.objects.get().text, statuses(post)) == ("Better", ["scheduled"])


def test_send_an_edit_twice_changes_it_once(form):
    post = composing.send(form, NOW)
    edit = editing(form, post, "Better")
    composing.send(edit, NOW)
    version = post.deliveries.get().version
    composing.send(edit, NOW)
    assert post.deliveries.get().version == version


def test_send_now_a_scheduled_post_as_it_is_brings_it_forward(form):
    post = composing.send(form, NOW)
    composing.send(editing(form, post, "Hello"), NOW, is_now=True)
    assert post.deliveries.get().due_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("ended", [Status.CANCELED, Status.FAILED])
def test_send_an_ended_post_as_it_is_arms_it_again(form, ended):
    post = composing.send(form, NOW)
    post.deliveries.update(status=ended, due_at=None)
    composing.send(editing(form, post, "Hello"), NOW)
    assert statuses(post) == ["scheduled"]


def test_keep_a_scheduled_post_as_it_is_makes_it_a_draft(form):
    post = composing.send(form, NOW)
    composing.keep(editing(form, post, "Hello"), NOW)
    assert statuses(post) == ["draft"]


def test_send_over_what_somebody_else_saved_is_told_first(form):
    post = composing.send(form, NOW)
    mine, theirs = editing(form, post, "Mine"), editing(form, post, "Theirs")
    composing.send(theirs, NOW)
    with pytest.raises(Changed) as refused:
        composing.send(mine, NOW)
    assert Post.objects.get().text == "Theirs"
    composing.send(replace(mine, seen=refused.value.seen), NOW)
    assert Post.objects.get().text == "Mine"


def test_keep_over_what_a_drag_moved_is_told_first(form):
    post = composing.keep(form, NOW)
    mine = editing(form, post, "Mine")
    posts.reschedule(post, When(datetime.fromisoformat("2026-11-28T09:00"), BERLIN), actor=form.person, now=NOW)
    with pytest.raises(Changed):
        composing.keep(mine, NOW)


def test_send_what_has_started_is_refused_in_words(form):
    post = composing.send(form, NOW)
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    with pytest.raises(AlreadyStarted):
        composing.send(editing(form, post, "Too late"), NOW)


def test_send_what_has_started_is_refused_for_that_also_when_its_time_has_passed(form):
    post = composing.send(form, NOW)
    edit = editing(form, post, "Too late")
    post.deliveries.update(status=Status.PUBLISHED, due_at=None)
    with pytest.raises(AlreadyStarted):
        composing.send(edit, FRIDAY.instant + timedelta(seconds=1))


def test_keep_what_is_in_the_trash_is_refused_in_words(form):
    post = composing.keep(form, NOW)
    Post.objects.filter(pk=post.pk).update(deleted_at=NOW)
    with pytest.raises(Refused) as refused:
        composing.keep(saying(form, "More"), NOW)
    assert str(refused.value) == "This post is in the trash. Take it out of there first."


def test_keep_more_than_one_may_is_refused_but_a_draft_goes_on_saving(form, settings):
    settings.POSTS_PER_MINUTE = 2
    now = composing.keep(form, NOW).created_at
    composing.keep(replace(form, client_key="form-2"), now)
    with pytest.raises(limits.TooFast):
        composing.keep(replace(form, client_key="form-3"), now)
    composing.keep(saying(form, "More"), now)
    assert sorted(Post.objects.values_list("text", flat=True)) == ["Hello", "More"]


def test_find_errors_names_every_field(form):
    blank = replace(form, composed=Composed(""))
    assert composing.find_errors(blank, NOW) == {
        "accounts": ["Choose at least one account."],
        "text": ["Write something, or add a picture."],
        "when": ["Choose a date and a time."],
    }


def test_find_errors_names_an_account_that_is_disconnected(form, account):
    account.state = Account.State.DISCONNECTED
    expected = {"accounts": [f"{account} is disconnected. Take it out, or connect it again."]}
    assert composing.find_errors(form, NOW) == expected


def test_find_errors_now_needs_no_time(form):
    assert composing.find_errors(replace(form, composed=replace(form.composed, when=None)), NOW, is_now=True) == {}


def test_send_with_errors_saves_nothing(form, account):
    with pytest.raises(Unready) as refused:
        composing.send(saying(form, "a" * 501), NOW)
    assert refused.value.errors == {"text": [f"{account}: 1 over the 500 characters of Rehearsal."]}
    assert Post.objects.count() == 0


def test_send_into_the_past_is_refused(form):
    with pytest.raises(Unready) as refused:
        composing.send(form, FRIDAY.instant + timedelta(seconds=1))
    assert refused.value.errors == {"when": ["That time has passed. Choose a later one, or publish now."]}


def test_read_a_saved_post_is_what_was_composed(form, workspace):
    second = an_account(workspace)
    media = Media.objects.create(workspace=workspace, kind="image", name="x", content_type="image/png", bytes=1)
    composed = Composed("Hello", (*form.composed.accounts, second), {second.pk: ""}, ((media, "a cup"),), FRIDAY)
    post = composing.keep(replace(form, composed=composed), NOW)
    assert composing.read(Post.objects.get(pk=post.pk)) == composed


def test_copy_leaves_out_the_time(form):
    post = composing.keep(form, NOW)
    assert composing.copy(Post.objects.get(pk=post.pk)) == replace(form.composed, when=None)


def test_copy_leaves_out_who_is_disconnected(form, account):
    post = composing.keep(form, NOW)
    Account.objects.update(state=Account.State.DISCONNECTED)
    assert composing.copy(post).accounts == ()


def a_post_in_new_york(workspace) -> Post:
    local = datetime.fromisoformat("2026-11-27T09:00")
    instant = When(local, NEW_YORK).instant
    return a_post(workspace, local_time=local, timezone=NEW_YORK, scheduled_for=instant)


def test_in_zone_shows_a_post_on_the_viewers_clock(workspace):
    assert composing.in_zone(a_post_in_new_york(workspace), BERLIN) == When(
        datetime.fromisoformat("2026-11-27T15:00"), BERLIN
    )


def test_in_zone_keeps_a_gap_as_it_was_typed(workspace):
    local = datetime.fromisoformat("2027-03-28T02:30")
    post = a_post(workspace, local_time=local, timezone=BERLIN, scheduled_for=When(local, BERLIN).instant)
    assert composing.in_zone(post, BERLIN) == When(local, BERLIN)


def test_in_posts_zone_a_time_left_alone_stays_as_it_was_written(workspace):
    post = a_post_in_new_york(workspace)
    typed = When(datetime.fromisoformat("2026-11-27T15:00"), BERLIN)
    assert composing.in_posts_zone(post, typed) == When(datetime.fromisoformat("2026-11-27T09:00"), NEW_YORK)


def test_in_posts_zone_a_gap_left_alone_is_not_rewritten(workspace):
    gap = When(datetime.fromisoformat("2027-03-14T02:30"), NEW_YORK)
    post = a_post(workspace, local_time=gap.local, timezone=NEW_YORK, scheduled_for=gap.instant)
    assert composing.in_posts_zone(post, composing.in_zone(post, BERLIN)) == gap


def test_in_posts_zone_a_new_time_is_turned_into_the_posts_zone(workspace):
    post = a_post_in_new_york(workspace)
    typed = When(datetime.fromisoformat("2026-11-27T16:00"), BERLIN)
    assert composing.in_posts_zone(post, typed) == When(datetime.fromisoformat("2026-11-27T10:00"), NEW_YORK)


def test_offered_leaves_out_the_disconnected_unless_the_post_has_them(workspace, account):
    gone = an_account(workspace, state=Account.State.DISCONNECTED)
    an_account(a_workspace())
    assert composing.offered(workspace) == [account]
    assert composing.offered(workspace, [gone]) == [account, gone]
