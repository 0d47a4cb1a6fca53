"""Percentiles of one run, medians and ranges of several."""

import math
import statistics
from collections.abc import Sequence


def percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def spread(milliseconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    if not ordered:
        return {}
    named = {"p50_ms": percentile(ordered, 0.5), "p99_ms": percentile(ordered, 0.99)}
    named |= {"first_ms": ordered[0], "last_ms": ordered[-1]}
    return {name: round(value, 2) for name, value in named.items()}


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def ranged(values: Sequence[float]) -> str:
    """The median, and the range in brackets when there is one."""
    if not values:
        return "-"
    middle = _short(median(values))
    low, high = _short(min(values)), _short(max(values))
    return middle if low == high else f"{middle} ({low} to {high})"


def _short(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}" if abs(value) < 1 else f"{value:.2f}"
