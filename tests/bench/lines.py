"""What is measured: each line of the table, how it is run, and how its figures are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench import figures
from tests.bench.options import Options
from tests.bench.subjects import Subject

Rows = Sequence[dict]


@dataclass(frozen=True)
class Figure:
    """One number of a line: the key of a row, its unit, and what it must be for this program (None: no aim)."""

    key: str
    unit: str
    most: float | None = None
    least: float | None = None
    per: float = 1.0

    def told(self, rows: Rows) -> str:
        values = self._values(rows)
        return f"{figures.ranged(values)} {self.unit}".strip() if values else ""

    def is_reached(self, rows: Rows) -> bool:
        middle = figures.median(self._values(rows))
        return (self.most is None or middle <= self.most) and (self.least is None or middle >= self.least)

    def _values(self, rows: Rows) -> list[float]:
        return [row[self.key] / self.per for row in rows if row.get(self.key) is not None]

    @property
    def aim(self) -> str:
        if self.most is None and self.least is None:
            return ""
        sign, value = ("≤", self.most) if self.most is not None else ("≥", self.least)
        return f"{sign} {value:g} {self.unit}".strip()


@dataclass(frozen=True)
class Line:
    """`is_count`: nothing is timed, so it may run beside others. `once`: not repeated."""

    name: str
    title: str
    options: Options
    figures: tuple[Figure, ...]
    is_ours_alone: bool = False
    is_count: bool = False
    once: bool = False
    is_for: Callable[[Subject], bool] = lambda _subject: True

    def subjects(self, subjects: Sequence[Subject]) -> list[Subject]:
        mine = [subject for subject in subjects if subject.is_ours or not self.is_ours_alone]
        return [subject for subject in mine if self.is_for(subject)]


def _line(name: str, title: str, *told: Figure, **more) -> Line:
    names = (Options.__dataclass_fields__.keys() & more.keys()) - {"line"}
    options = Options(more.pop("line", name), "", **{field: more.pop(field) for field in names})
    return Line(name, title, options, told, **more)


def _no_floor(subject: Subject) -> bool:
    return subject.name != "floor"


def _exact(subject: Subject) -> bool:
    return subject.is_ours or getattr(subject, "is_exact", True)


LATENESS = (Figure("p50_ms", "ms", most=3), Figure("p99_ms", "ms", most=10))
# Open: it began, and whoever sent it never learns whether it is out.
COUNTS = (Figure("lost", "lost", most=0), Figure("twice", "twice", most=0), Figure("open", "open", most=0))
LAST = "last_ms"
ONCE = {"is_ours_alone": True, "once": True}
# Fifty to an account: an hour's cap is a hundred.
DRAIN = {"posts": 5000, "accounts": 100}
ALL = (
    _line("lateness", "lateness, 500 posts over 20 s: p50, p99", *LATENESS, posts=500, is_for=_exact),
    _line(
        "webhook",
        "200 webhooks over 20 s, ten to a second, as they arrive: p50, p99",
        Figure("p50_ms", "ms"),
        Figure("p99_ms", "ms"),
        posts=200,
        **ONCE,
    ),
    _line("burst", "burst, 1,000 at one instant: last one out", Figure(LAST, "s", 1, per=1000), posts=1000),
    _line(
        "unbraked_burst",
        "the same without the runaway brake and the look for the same text",
        Figure(LAST, "s", per=1000),
        line="burst",
        posts=1000,
        is_braked=False,
        is_ours_alone=True,
    ),
    _line(
        "slow_burst",
        "a burst on a platform that takes 300 ms, 2 workers x 64 threads",
        Figure(LAST, "s", 5, per=1000),
        line="burst",
        posts=1000,
        workers=2,
        threads=64,
        answer_after=0.3,
        is_ours_alone=True,
    ),
    _line(
        "drain",
        "drain, 5,000 overdue",
        Figure("per_s", "/s", least=400),
        Figure("kb_per_post", "kB each"),
        **DRAIN,
        is_for=_no_floor,
    ),
    _line("drain2", "the same by 2 workers", Figure("per_s", "/s"), line="drain", workers=2, **DRAIN, **ONCE),
    _line("drain4", "the same by 4 workers", Figure("per_s", "/s"), line="drain", workers=4, **DRAIN, **ONCE),
    _line("bound", "the same loop without our code", Figure("per_s", "/s"), posts=5000, **ONCE),
    _line("sizes", "", sizes=(10_000, 100_000, 1_000_000), **ONCE),
    _line("pages", "", sizes=(10_000, 1_000_000), **ONCE),
    _line(
        "polls",
        "idle polls, 1,000 tabs at 2 s: errors, p99, cores",
        Figure("errors", "", 0),
        Figure("p99_ms", "ms", 250),
        Figure("cores", "", 0.8),
        **ONCE,
    ),
    _line(
        "idle",
        "idle, the whole stack: memory, CPU",
        Figure("pss_mb", "MB", 250),
        Figure("cpu_percent", "%", 2),
        is_count=True,
        once=True,
        is_for=_no_floor,
    ),
    _line("crash", "kill -9 amid 200 of 50 ms", *COUNTS, posts=200, answer_after=0.05, is_count=True, is_for=_no_floor),
    _line(
        "handover",
        "kill -9 as 1,000 become due",
        *COUNTS,
        posts=1000,
        answer_after=0.05,
        is_count=True,
        is_for=_no_floor,
    ),
)
QUICK = ("lateness", "burst", "drain", "crash")
BY_NAME = {line.name: line for line in ALL}


def quick(line: Line) -> Line:
    """A tenth of the work, for CI: only what is lost, twice or early counts there."""
    return replace(line, options=replace(line.options, posts=max(line.options.posts // 5, 100)))


def full(line: Line) -> Line:
    """Ten million rows as well."""
    sizes = line.options.sizes and (*line.options.sizes, 10_000_000)
    return replace(line, options=replace(line.options, sizes=sizes))
