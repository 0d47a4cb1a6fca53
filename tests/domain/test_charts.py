import re
from datetime import date, timedelta

import pytest

from scheduler_ui.domain import charts
from scheduler_ui.domain.record import Day, Spread

FIRST = date(2026, 11, 1)


def a_month(**days):
    """Days by number (`d3`) with their (milliseconds, how many)."""
    month = [Day(FIRST + timedelta(days=number)) for number in range(30)]
    for name, counts in days.items():
        month[int(name[1:]) - 1].spread = Spread(counts, max(late for late, _ in counts))
    return month


def points(moves):
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", moves)]


def test_month_without_anything_is_a_scale_alone():
    chart = charts.draw(a_month())
    assert (chart.dots, chart.median) == ([], "")
    assert [tick.label for tick in chart.seconds] == ["10 ms", "0.1 s", "10 s"]
    assert [tick.label for tick in chart.days] == ["1", "5", "10", "15", "20", "25", "30"]


def test_one_post_is_one_dot_and_no_line():
    chart = charts.draw(a_month(d3=[(40, 1)]))
    ((kind, size, moves),) = chart.dots
    assert (kind, size, len(points(moves)), chart.median) == ("in", 0, 1, "")


def test_later_is_higher_and_the_limit_lies_between():
    chart = charts.draw(a_month(d3=[(40, 1), (5_000, 1)]))
    heights = {kind: points(moves)[0][1] for kind, _, moves in chart.dots}
    assert heights["over"] < chart.limit < heights["in"]


def test_days_stand_from_left_to_right():
    chart = charts.draw(a_month(d1=[(40, 1)], d30=[(40, 1)]))
    (first, _), (last, _) = points(chart.dots[0][2])
    assert charts.LEFT < first < last < charts.RIGHT


def test_many_posts_are_few_dots_of_a_larger_size():
    chart = charts.draw(a_month(**{f"d{day}": [(late, 500) for late in range(100)] for day in range(1, 31)}))
    assert sum(len(points(moves)) for _, _, moves in chart.dots) <= 31 * 30
    assert max(size for _, size, _ in chart.dots) == 3


@pytest.mark.parametrize(("late", "label"), [(3_600_000, "1 h"), (86_400_000, "24 h"), (600_000_000, "24 h")])
def test_scale_reaches_as_far_as_the_latest(late, label):
    chart = charts.draw(a_month(d3=[(late, 1)]))
    assert chart.seconds[-1].label == label
    assert all(charts.TOP <= y <= charts.BOTTOM for _, _, moves in chart.dots for _, y in points(moves))


def test_early_and_missed_are_drawn_too():
    month = a_month(d3=[(-5, 1)])
    month[3].missed = 2
    dots = {kind: points(moves) for kind, _, moves in charts.draw(month).dots}
    assert dots["missed"][0][1] == charts.MISSED_AT
    assert charts.TOP < dots["in"][0][1] <= charts.BOTTOM
