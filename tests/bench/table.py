"""The figures of a run as one table, in Markdown, which a terminal shows as well."""

from collections.abc import Callable, Sequence

from tests.bench import figures, lines
from tests.bench.lines import Line

FLAT = 1.5
MONTH_MS = 60


def show(results: dict) -> str:
    """Everything that one run found: the table, what stood beside it, and what broke a promise."""
    columns = results["subjects"]
    head = ["figure", "must reach", *columns.values(), "reached"]
    rows = [row for line in lines.ALL for row in _rows(line, results)]
    return "\n".join([*_grid([head, *rows]), "", *beside(results), *told_broken(results)])


def beside(results: dict) -> list[str]:
    """`remarks`, of figures that a person has put together, say from what runs they are."""
    spins = [row["spin_ms"] for row in results["rows"] if "spin_ms" in row]
    flush = results["flush_ms"]
    when = "before and after" if len(flush) > 2 else "before"
    runs = f"{results['runs']} runs in {results['minutes']} min"
    return [
        f"Machine: {results['machine']}.",
        f"A disk flush (4 kB, fdatasync), {when}: median {_both(flush[::2])} ms, p99 {_both(flush[1::2])} ms.",
        f"Noise: a fixed loop took {figures.ranged(spins)} ms before each measure; the wider, the noisier.",
        *results.get("remarks", (f"{runs}; cells are medians, ranges in brackets.",)),
    ]


def _both(values: Sequence[float]) -> str:
    return " and ".join(f"{value:.2f}" for value in values)


def broken(results: dict) -> int:
    """1 where this program lost a post, sent one twice or early, or could not be measured; never for a timing."""
    return 1 if told_broken(results) else 0


def told_broken(results: dict) -> list[str]:
    ours = [row for row in results["rows"] if row["subject"] in results["ours"]]
    told = []
    for row in ours:
        faults = [f"{row[name]} {name}" for name in ("lost", "twice", "early", "unsettled") if row.get(name)]
        faults += ["it could not be measured: " + row["failed"]] if "failed" in row else []
        told += [f"BROKEN {row['line']}, {row['subject']}: {', '.join(faults)}"] if faults else []
    return told


def _rows(line: Line, results: dict) -> list[list[str]]:
    """The line's, none of them reached where this program could not be measured to the end."""
    mine = [row for row in results["rows"] if row["line"] == line.name]
    rows = _measured(line, [row for row in mine if "failed" not in row], results)
    has_failed = any("failed" in row and row["subject"] in results["ours"] for row in mine)
    return [[*row[:-1], "NO"] for row in rows] if has_failed else rows


def _measured(line: Line, found: list[dict], results: dict) -> list[list[str]]:
    if not found:
        return []
    if line.name == "sizes":
        return _sizes(found, results)
    if line.name == "pages":
        return _pages(found, results)
    cells = [_cell(line, _of(found, name)) for name in results["subjects"]]
    aims = ", ".join(filter(None, (figure.aim for figure in line.figures)))
    ours = [mine for name in results["ours"] if (mine := _of(found, name))]
    is_reached = all(figure.is_reached(mine) for mine in ours for figure in line.figures)
    return [[line.title, aims, *cells, ("yes" if is_reached else "NO") if aims and ours else ""]]


def _cell(line: Line, mine: list[dict]) -> str:
    """The line's figures, and what was lost or sent twice where that is not among them."""
    told = [figure.told(mine) for figure in line.figures]
    others = {"lost", "twice"} - {figure.key for figure in line.figures}
    worst = {name: max((row.get(name) or 0 for row in mine), default=0) for name in sorted(others)}
    return ", ".join(filter(None, [*told, *(f"{number} {name}" for name, number in worst.items() if number)]))


def _sizes(found: list[dict], results: dict) -> list[list[str]]:
    sizes = sorted({row["rows"] for row in found})
    told = ", ".join(_size(size) for size in sizes)
    names = list(results["subjects"])
    return [
        _growing(f"due check, 10 due of {told} rows", "due_check_ms", found, names),
        _growing(f"the same, overdue for ten minutes, of {told} rows", "overdue_check_ms", found, names),
        _growing(f"the tick's look, nothing due, of {told} rows", "look_ms", found, names),
        _growing(f"a month of 2,000 posts of {told}, CPU", "month_cpu_ms", found, names),
        _growing(f"a page of the queue, of {told}, CPU", "queue_cpu_ms", found, names),
    ]


def _pages(found: list[dict], results: dict) -> list[list[str]]:
    """Of all pages that are kept open, the one that costs most and the one that grows most."""
    sizes = sorted({row["rows"] for row in found})
    told = f"{len(found[0]['pages'])} pages and polls, of {', '.join(_size(size) for size in sizes)}, CPU"
    by_subject = [_by_page(_of(found, name)) for name in results["subjects"]]
    dearest = [_worst(pages, lambda values: values[-1]) for pages in by_subject]
    growing = [_worst(pages, lambda values: values[-1] / values[0]) for pages in by_subject]
    return [[f"the dearest of {told}", "", *dearest, ""], ["the one that grows most", "", *growing, ""]]


def _by_page(mine: list[dict]) -> dict[str, list[float]]:
    rows = sorted(mine, key=lambda row: row["rows"])
    return {name: [max(row["pages"][name], 0.01) for row in rows] for name in (rows[0]["pages"] if rows else ())}


def _worst(pages: dict[str, list[float]], weight: Callable[[list[float]], float]) -> str:
    if not pages:
        return ""
    name = max(pages, key=lambda name: weight(pages[name]))
    values = pages[name]
    return f"{name}: {', '.join(figures.ranged([value]) for value in values)} ms ({values[-1] / values[0]:.2f} x)"


def _growing(title: str, key: str, found: list[dict], names: Sequence[str]) -> list[str]:
    """A figure at every size of the table, and the largest beside the smallest."""
    cells, is_reached = [], True
    for name in names:
        values = [row[key] for row in sorted(_of(found, name), key=lambda row: row["rows"])]
        growth = max(values) / min(values) if values else 0
        is_reached &= growth <= FLAT and (key != "month_cpu_ms" or max(values, default=0) <= MONTH_MS)
        cells.append(f"{', '.join(figures.ranged([value]) for value in values)} ms ({growth:.2f} x)" if values else "")
    aim = f"≤ {FLAT} x" + (f", ≤ {MONTH_MS} ms" if key == "month_cpu_ms" else "")
    return [title, aim, *cells, "yes" if is_reached else "NO"]


def _of(rows: list[dict], subject: str) -> list[dict]:
    return [row for row in rows if row["subject"] == subject]


def _size(rows: int) -> str:
    return f"{rows // 1_000_000} M" if rows >= 1_000_000 else f"{rows // 1000} k"


def _grid(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lined = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return [lined[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lined[1:]]
