import io

import pytest
from django.core.management import call_command

from scheduler_ui.checks import ON_DISK

pytestmark = pytest.mark.django_db
BUCKET = "project.buckets.PrivateBucket"


@pytest.mark.parametrize(("is_grown", "backend", "lines"), [(True, ON_DISK, 1), (True, BUCKET, 0), (False, ON_DISK, 0)])
def test_start_says_once_that_pictures_stay_on_one_machine(settings, tmp_path, is_grown, backend, lines):
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = tmp_path / "static", []
    settings.IS_GROWN, settings.STORAGES = is_grown, settings.STORAGES | {"default": {"BACKEND": backend}}
    said = io.StringIO()
    call_command("prepare", stdout=io.StringIO(), stderr=said)
    assert said.getvalue().count("S3_BUCKET") == lines
