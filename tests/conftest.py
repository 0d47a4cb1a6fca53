"""Fixtures that tests of every layer use; the environment that they run in is made by `tests/settings.py`."""
