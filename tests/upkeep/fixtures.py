import pytest

from tests.rig.servers import KEYS, Postgres
from tests.upkeep.installation import Installation


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """An installation with something of everything; copy it before you change it."""
    return Installation.made(tmp_path_factory.mktemp("filled") / "data")


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture
def grown(postgres, tmp_path):
    """An installation on an empty database of PostgreSQL; its queue is not at hand."""
    (tmp_path / "grown").mkdir()
    return Installation(tmp_path / "grown", DATABASE_URL=postgres.create(), REDIS_URL="redis://127.0.0.1:1/0", **KEYS)


@pytest.fixture
def here(filled, tmp_path):
    return filled.copied(tmp_path / "here")
