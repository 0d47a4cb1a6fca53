"""Real servers, one of each for the whole run."""

import itertools

import pytest

from tests.browser.conftest import allowed_errors, chromium, open_page, pytest_runtest_makereport
from tests.real import pds as real
from tests.real.proxy import Proxy

__all__ = ["allowed_errors", "chromium", "open_page", "pytest_runtest_makereport"]

INSTALLING = 900  # seconds: the first run compiles
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.timeout(INSTALLING))


@pytest.fixture(scope="session")
def pds():
    try:
        real.provide_tools()
        server = real.Pds()
    except real.Missing as missing:
        pytest.exit(str(missing), returncode=1)
    yield server
    server.stop()


@pytest.fixture
def person(pds):
    return pds.person(f"harbor{next(_numbers)}")


@pytest.fixture
def friend(pds):
    """Somebody else on the same server."""
    return pds.person(f"friend{next(_numbers)}")


@pytest.fixture
def proxy(pds):
    """A way to the PDS that can lose what it answers (`faults`, `losing`) and let sessions grow old (`age()`)."""
    server = Proxy(pds.url)
    yield server
    server.stop()
