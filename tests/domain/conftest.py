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
