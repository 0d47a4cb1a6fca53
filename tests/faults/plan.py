"""Which rows there are: each is a function on a Stage, registered with what the scheduler must know of it."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.stage import Stage

SHAPES = ("embedded", "grown")


@dataclass(frozen=True)
class FaultRow:
    """`cores`: how much of the machine it keeps busy; `seconds`: what it takes in the CI tier, roughly.

    `parts`: independent pieces that run as jobs of their own and are printed as one row. `needs_postgres`: a server
    of its own, which it may stop or fill. `disk_mb`: the data folder is a small disk of its own.
    `rounds`: how often the soak plays what is about one event rather than about many posts.
    """

    number: int
    title: str
    run: "Callable[[Stage], None]"
    parts: tuple[str, ...] = ("",)
    cores: float = 0.5
    seconds: float = 30
    needs_postgres: bool = False
    disk_mb: int = 0
    rounds: int = 1


ROWS: dict[int, FaultRow] = {}


def row(number: int, title: str, **fields: object) -> "Callable[[Callable[[Stage], None]], Callable[[Stage], None]]":
    """Register a row of the fault table."""

    def register(run: "Callable[[Stage], None]") -> "Callable[[Stage], None]":
        assert number not in ROWS, number
        ROWS[number] = FaultRow(number, title, run, **fields)
        return run

    return register


def load() -> dict[int, FaultRow]:
    """Every row of tests/faults/rows, by number."""
    from tests.faults import rows

    for module in pkgutil.iter_modules(rows.__path__):
        importlib.import_module(f"tests.faults.rows.{module.name}")
    return dict(sorted(ROWS.items()))
