"""Real servers, one of each for the whole run."""

import itertools

import httpx
import pytest

from tests.platforms import stub
from tests.platforms.stub import Reply
from tests.real import pds as real

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
def proxy(pds):
    """A way to the PDS that can lose what it answers: `proxy.faults`."""

    def forward(arrival):
        kept = {name: arrival.headers[name] for name in ("authorization", "content-type") if name in arrival.headers}
        url = pds.url + arrival.path
        answer = httpx.request(arrival.method, url, params=arrival.params, headers=kept, content=arrival.body)
        return Reply(answer.status_code, answer.content, {"Content-Type": answer.headers.get("content-type", "")})

    with stub.stub(forward) as server:
        yield server
