from datetime import timedelta

import pytest
import time_machine
from django.core.signing import TimestampSigner

from scheduler_ui.domain import setup_links
from scheduler_ui.models import User

pytestmark = pytest.mark.django_db


def test_token_is_valid_while_there_is_no_user() -> None:
    assert setup_links.is_valid(setup_links.token())


def test_token_is_void_once_there_is_a_user() -> None:
    token = setup_links.token()
    User.objects.create_user("ada@example.org", "secret words")
    assert (setup_links.is_needed(), setup_links.is_valid(token)) == (False, False)


@pytest.mark.parametrize("wrong", ["", "x", "1xVREu:ke1J0dqtFHjDzY8Cv1TmXtk_8oG"])
def test_token_that_was_not_signed_is_void(wrong: str) -> None:
    assert not setup_links.is_valid(wrong)


def test_token_signed_for_something_else_is_void() -> None:
    assert not setup_links.is_valid(TimestampSigner(salt="other").sign("operator").partition(":")[2])


@pytest.mark.parametrize(("age", "valid"), [(timedelta(days=6), True), (timedelta(days=8), False)])
def test_token_lasts_a_week(age: timedelta, valid: bool) -> None:
    with time_machine.travel("2026-11-23T09:00:00Z", tick=False) as clock:
        token = setup_links.token()
        clock.shift(age)
        assert setup_links.is_valid(token) is valid
