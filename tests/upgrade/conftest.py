from tests.upkeep.fixtures import filled, grown, here, postgres

__all__ = ["filled", "grown", "here", "postgres"]
