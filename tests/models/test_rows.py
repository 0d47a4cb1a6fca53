import pytest
from django.utils import timezone

from scheduler_ui.models import Account, Attempt, Delivery, Media, PostMedia, Update, insert_row, update_row
from tests.factories import a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery():
    workspace = a_workspace(a_user())
    account = an_account(workspace, settings={"a": [1, {"b": None}]}, waits_until=timezone.now())
    return Delivery.objects.get(post=a_post(workspace, account))


def fields(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_row_in_full_is_what_the_orm_reads(delivery, django_assert_num_queries):
    usual = Delivery.objects.select_related("account", "post", "workspace").get(pk=delivery.pk)
    with django_assert_num_queries(1):
        read = Delivery.in_full(delivery.pk)
        assert fields(read) == fields(usual)
        for name in ("account", "post", "workspace"):
            assert fields(getattr(read, name)) == fields(getattr(usual, name))


def test_row_in_full_tells_whether_it_has_media(delivery):
    assert Delivery.in_full(delivery.pk).has_media is False
    picture = Media.objects.create(workspace=delivery.workspace, kind="image", name="x", content_type="x", bytes=1)
    PostMedia.objects.create(post=delivery.post, media=picture, position=0)
    assert Delivery.in_full(delivery.pk).has_media is True


def test_row_in_full_that_is_not_there_is_none(delivery):
    assert Delivery.in_full(delivery.pk + 1) is None


@pytest.mark.parametrize("handle", [None, {"id": "ü", "n": [1.5, True, None]}])
def test_update_writes_what_the_orm_would(delivery, handle):
    now = timezone.now()
    assert update_row(
        Update(Delivery, delivery.pk, {"handle": handle, "sent_at": now}, {"version": 1, "lease_until": None})
    )
    delivery.refresh_from_db()
    assert (delivery.handle, delivery.sent_at) == (handle, now)
    assert Delivery.objects.filter(handle__isnull=True).exists() is (handle is None)


@pytest.mark.parametrize("as_read", [{"version": 2}, {"lease_until": timezone.now()}, {"due_at": None}])
def test_update_of_a_row_that_has_changed_changes_nothing(delivery, as_read):
    assert not update_row(Update(Delivery, delivery.pk, {"error": "x"}, as_read))
    assert Delivery.objects.get(pk=delivery.pk).error == ""


def test_update_touches_no_other_row(delivery):
    other = an_account(delivery.workspace, handle="other")
    update_row(Update(Account, delivery.account_id, {"name": "x"}))
    assert Account.objects.get(pk=other.pk).name != "x"


def test_insert_gives_the_row_its_key(delivery):
    now = timezone.now()
    attempt = Attempt(delivery=delivery, number=1, marked_at=now, answer="%s", error="ü")
    insert_row(attempt)
    assert fields(Attempt.objects.get(pk=attempt.pk)) == fields(attempt)
    assert not attempt._state.adding


def an_attempt(delivery):
    return Attempt(delivery=delivery, number=1, marked_at=timezone.now(), answer="%s", key="ü")


def test_update_and_insert_are_written_together(delivery):
    attempt = an_attempt(delivery)
    assert update_row(Update(Delivery, delivery.pk, {"error": "x"}, {"version": 1}, attempt))
    assert Delivery.objects.get(pk=delivery.pk).error == "x"
    assert fields(Attempt.objects.get()) == fields(attempt)
    assert not attempt._state.adding


def test_update_of_two_rows_writes_both(delivery):
    attempt = Attempt.objects.create(delivery=delivery, number=1, marked_at=timezone.now())
    then = Update(Attempt, attempt.pk, {"error": "y"})
    assert update_row(Update(Delivery, delivery.pk, {"error": "x"}, {"version": 1}, then))
    assert Delivery.objects.get(pk=delivery.pk).error == "x"
    assert Attempt.objects.get().error == "y"


def test_what_follows_an_update_that_is_void_is_not_written(delivery):
    attempt = an_attempt(delivery)
    assert not update_row(Update(Delivery, delivery.pk, {"error": "x"}, {"version": 2}, attempt))
    assert (attempt.pk, Attempt.objects.count()) == (None, 0)
    insert_row(attempt)
    then = Update(Attempt, attempt.pk, {"error": "y"})
    assert not update_row(Update(Delivery, delivery.pk, {"error": "x"}, {"version": 2}, then))
    assert Attempt.objects.get().error == ""


@pytest.mark.grown_only
def test_update_and_what_follows_are_one_statement(delivery, django_assert_num_queries):
    attempt = an_attempt(delivery)
    with django_assert_num_queries(1):
        update_row(Update(Delivery, delivery.pk, {"error": "x"}, then=attempt))
    with django_assert_num_queries(1):
        update_row(Update(Delivery, delivery.pk, {"error": "z"}, then=Update(Attempt, attempt.pk, {"error": "y"})))
