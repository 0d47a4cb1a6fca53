"""Fixtures that tests of every layer use; the environment that they run in is made by `tests/settings.py`."""

import pytest

from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind
from tests.fakes import FakePlatform


@pytest.fixture
def fake(monkeypatch):
    """The fake platform, registered for this test."""
    FakePlatform.reset(Kind.KEY)
    monkeypatch.setitem(registry.PLATFORMS, "fake", FakePlatform)
    return FakePlatform
