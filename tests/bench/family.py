"""What a family of processes takes: their memory shared out fairly (PSS), and their CPU."""

import contextlib
import time
from collections.abc import Iterable

import psutil


def footprint(pids: Iterable[int], seconds: float, settle: float = 10) -> dict[str, float]:
    """Of these processes and all that they started, over so many quiet seconds."""
    pids = list(pids)
    time.sleep(settle)
    before, began = cpu(pids), time.monotonic()
    time.sleep(seconds)
    share = (cpu(pids) - before) / (time.monotonic() - began)
    members = _members(pids)
    memory = sum(_pss(process) for process in members)
    return {"pss_mb": round(memory / 1e6, 1), "cpu_percent": round(share * 100, 2), "processes": len(members)}


def cpu(pids: Iterable[int]) -> float:
    """Seconds so far; those of children that have ended count."""
    spent = 0.0
    for process in _members(pids):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def _members(pids: Iterable[int]) -> list[psutil.Process]:
    heads = [psutil.Process(pid) for pid in pids]
    return heads + [child for head in heads for child in head.children(recursive=True)]


def _pss(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.NoSuchProcess:
        return 0
