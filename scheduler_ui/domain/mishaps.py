"""Errors that nobody foresaw, told without their own words: those may quote a secret."""

import traceback
from pathlib import Path


def place_of(error: BaseException) -> str:
    """`KeyError in bluesky.py:41 via connections.py:98`: enough to find it, and nothing that was typed or stored."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)]
    return f"{type(error).__name__} in {' via '.join(places)}"
