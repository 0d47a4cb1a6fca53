import io
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from scheduler_ui.models import Delivery, Notice, Post, Status, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def seed(settings, tmp_path):
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"

    def run() -> str:
        out = io.StringIO()
        call_command("seed_demo", stdout=out)
        return out.getvalue()

    return run


def test_demo_has_every_status_and_something_due_at_once(seed, settings):
    said = seed()
    password = Path(settings.DATA_DIR, "demo_password").read_text()
    assert f"Sign in as ines@example.org with the password {password}" in said
    assert User.objects.get(email="ines@example.org").check_password(password)
    assert set(Delivery.objects.values_list("status", flat=True)) | {Status.PUBLISHING} == set(Status) - {Status.DRAFT}
    soon = Delivery.objects.filter(due_at__lt=timezone.now() + timedelta(minutes=2), status=Status.SCHEDULED)
    assert soon.count() >= 2


def test_demo_twice_on_one_day_adds_nothing(seed):
    seed()
    posts = Post.objects.count()
    seed()
    assert (Post.objects.count(), User.objects.count()) == (posts, 2)


def test_demo_started_again_later_goes_on(seed):
    seed()
    posts = Post.objects.count()
    with time_machine.travel(timezone.now() + timedelta(minutes=30)):
        seed()
    assert Post.objects.count() > posts


def test_demo_tells_of_what_needs_a_person(seed):
    seed()
    told = set(Notice.objects.values_list("kind", flat=True))
    assert told == {Notice.Kind.FAILED, Notice.Kind.MISSED, Notice.Kind.ASKED}
