import pytest

from tests.upkeep.installation import Installation


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """An installation with something of everything; copy it before you change it."""
    return Installation.made(tmp_path_factory.mktemp("filled") / "data")


@pytest.fixture
def here(filled, tmp_path):
    return filled.copied(tmp_path / "here")
