"""What the figures stand on: processors, what a disk flush costs, how even the machine's pace is."""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

FLUSHES = 200
SPIN = 2_000_000


def describe(folder: Path) -> str:
    flush = flush_ms(folder)
    return (
        f"{facts()}; a disk flush (4 kB, fdatasync): median {flush[0]:.2f} ms, p99 {flush[1]:.2f} ms; "
        f"load {os.getloadavg()[0]:.2f}"
    )


def facts() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, Python {platform.python_version()}"


def flush_ms(folder: Path) -> tuple[float, float]:
    """Median and p99 of appending 4 kB and waiting for the disk, in milliseconds."""
    spent = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FLUSHES):
            began = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
            spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent), sorted(spent)[int(FLUSHES * 0.99) - 1]


def spin_ms() -> float:
    """A fixed loop: how fast a core is just now; its range over a run is the machine's noise."""
    began = time.perf_counter()
    total = 0
    for number in range(SPIN):
        total += number
    return (time.perf_counter() - began) * 1000


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
