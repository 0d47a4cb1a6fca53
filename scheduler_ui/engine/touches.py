"""Which workspaces changed: the worker tells the pages once per tick, however many rows it moved."""

import threading

from scheduler_ui.domain import boards

_lock = threading.Lock()
_touched: set[int] = set()


def add(workspace_id: int) -> None:
    with _lock:
        _touched.add(workspace_id)


def flush() -> None:
    with _lock:
        touched = set(_touched)
        _touched.clear()
    for workspace_id in touched:
        boards.touch(workspace_id)
