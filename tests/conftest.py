"""Fixtures that tests of every layer use; the environment that they run in is made by `tests/settings.py`."""

import os
from pathlib import Path

import pytest
from django.db import connection

from scheduler_ui.platforms import registry
from scheduler_ui.platforms.base import Kind
from tests.fakes import FakePlatform


@pytest.fixture
def fake(monkeypatch):
    """The fake platform, registered for this test."""
    FakePlatform.reset(Kind.KEY)
    monkeypatch.setitem(registry.PLATFORMS, "fake", FakePlatform)
    return FakePlatform


HERE = Path(__file__).parent
IS_GROWN = os.environ.get("TEST_SHAPE") == "grown"
# They start processes or browsers, and say nothing of database or queue that the others do not say.
EMBEDDED_ROOMS = ("boot", "browser", "rig", "faults", "real")
TOUCHES_THE_DATABASE = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config, items):
    """On the grown shape only what touches database or queue, and what says that it belongs there, is run."""
    belongs = _belongs_to_grown if IS_GROWN else _belongs_to_embedded
    left_out = [item for item in items if not belongs(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if belongs(item)]


def _belongs_to_embedded(item) -> bool:
    return not item.get_closest_marker("grown_only")


def _belongs_to_grown(item) -> bool:
    if item.get_closest_marker("embedded_only"):
        return False
    if item.get_closest_marker("grown_too") or item.get_closest_marker("grown_only"):
        return True
    if item.path.relative_to(HERE).parts[0] in EMBEDDED_ROOMS:
        return False
    return bool(item.get_closest_marker("django_db") or TOUCHES_THE_DATABASE & set(item.fixturenames))


@pytest.fixture
def shape(tmp_path):
    """What processes of their own are told so that they run on the shape of this run, with nothing in it yet."""
    if not IS_GROWN:
        return {}
    from tests import grown

    return grown.fresh()


@pytest.fixture
def plan(db):
    """How the database would read a queryset, were its tables large: PostgreSQL reads a small one without an index."""

    def explain(queryset) -> str:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                for way in ("seqscan", "bitmapscan", "sort"):
                    cursor.execute(f"SET LOCAL enable_{way} = off")
        return queryset.explain()

    return explain
