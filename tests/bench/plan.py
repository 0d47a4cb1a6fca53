"""What a hundred million posts a day would take, worked out from a run's own figures."""

import math

from tests.bench import figures

A_DAY = 100_000_000
SECONDS = 86_400
# People promise whole hours: the busiest minute carries several times the mean.
PEAK = 5


def show(results: dict) -> str:
    """The arithmetic as a table; '' where the run has not measured what it needs."""
    rate, bound = _middle(results, "drain", "per_s"), _middle(results, "bound", "per_s")
    size, cores = _middle(results, "drain", "kb_per_post"), _middle(results, "polls", "cores")
    if any(math.isnan(value) for value in (rate, bound, size, cores)):
        return ""
    mean = A_DAY / SECONDS
    peak = mean * PEAK
    rows = [
        ("posts a second, the mean of a day", f"{mean:,.0f}", "100 M / 86,400 s"),
        (f"in the busiest minute, {PEAK} times the mean", f"{peak:,.0f}", "an assumption: whole hours are popular"),
        (
            "machines of 2 cores, each with workers, a database and a queue",
            f"{math.ceil(mean / rate)} for the mean, {math.ceil(peak / rate)} for that minute",
            f"the drain of the grown shape: {rate:,.0f} a second",
        ),
        (
            "of that, what the database itself can do",
            f"{math.ceil(peak / bound)} such machines for that minute",
            f"the same loop without our code: {bound:,.0f} a second",
        ),
        (
            "what is written a day",
            f"{A_DAY * size / 1e9:,.2f} TB, {A_DAY * size * 365 / 1e9:,.0f} TB a year",
            f"{size:.2f} kB a post, attempt and indexes included",
        ),
        (
            "cores for a million open tabs",
            f"{cores * 1000:,.0f} while all of them show something about to go out, a fifteenth of it else",
            f"a thousand tabs at 2 s: {cores:.2f} of a core; at 30 s where nothing is near",
        ),
    ]
    lines = [f"| {what} | {number} | {origin} |" for what, number, origin in rows]
    return "\n".join(["| what | how much | from |", "| --- | --- | --- |", *lines])


def _middle(results: dict, line: str, key: str) -> float:
    rows = [row for row in results["rows"] if (row["line"], row["subject"]) == (line, "grown")]
    return figures.median([row[key] for row in rows if row.get(key) is not None])
