"""What is limited per time, for all workers together."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from scheduler_ui.engine import budgets
from scheduler_ui.models import Budget
from scheduler_ui.platforms.rates import Rate
from tests.factories import NOW

SECOND = timedelta(seconds=1)
RATE = Rate("account", 10, 10 * SECOND)


def taken(until, step):
    """The moments at which somebody who asks all the time is served."""
    moment, served = NOW, []
    while moment < NOW + until:
        if budgets.take("key", RATE, moment) is None:
            served.append(moment)
        else:
            moment += step
    return served


@pytest.mark.django_db
def test_budget_is_never_exceeded_in_any_span():
    served = taken(30 * SECOND, SECOND / 4)
    spans = [sum(start <= moment <= start + RATE.per for moment in served) for start in served]
    assert max(spans) == RATE.limit
    assert len(served) == 5 + 14


@pytest.mark.django_db
def test_refusal_tells_when_there_is_one_and_uses_nothing():
    for _ in range(RATE.burst):
        assert budgets.take("key", RATE, NOW) is None
    free_at = budgets.take("key", RATE, NOW)
    assert free_at == budgets.take("key", RATE, NOW) == NOW + 2 * SECOND
    assert budgets.take("key", RATE, free_at) is None


@pytest.mark.django_db
def test_budget_that_rested_serves_a_burst_and_no_more():
    budgets.take("key", RATE, NOW)
    later = NOW + timedelta(hours=1)
    assert [budgets.take("key", RATE, later) for _ in range(RATE.burst)] == [None] * RATE.burst
    assert budgets.take("key", RATE, later) is not None


@pytest.mark.django_db
def test_budgets_know_nothing_of_each_other():
    for _ in range(RATE.burst):
        budgets.take("one", RATE, NOW)
    assert budgets.take("other", RATE, NOW) is None


@pytest.mark.django_db
def test_rate_of_one_serves_one():
    rate = Rate("account", 1, 10 * SECOND)
    assert [budgets.take("key", rate, NOW), budgets.take("key", rate, NOW)] == [None, NOW + 10 * SECOND]


@pytest.mark.django_db
def test_line_gives_each_a_moment_of_its_own():
    assert budgets.line_up("key", SECOND, NOW, 3) == NOW
    assert budgets.line_up("key", SECOND, NOW) == NOW + 3 * SECOND
    assert budgets.line_up("key", SECOND, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=1)


@pytest.mark.django_db
def test_what_has_been_free_for_days_is_forgotten():
    budgets.take("old", RATE, NOW - timedelta(days=3))
    budgets.take("new", RATE, NOW)
    budgets.sweep(NOW)
    assert Budget.objects.get().key == "new"


def at_once(work, many=4):
    """Every thread begins at the same moment."""
    barrier, answers = Barrier(many), []

    def run():
        try:
            barrier.wait()
            answers.extend(work() or ())
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_workers_together_take_no_more_than_there_is():
    rate = Rate("account", 40, timedelta(hours=1))
    answers = at_once(lambda: [budgets.take("key", rate, NOW) for _ in range(15)])
    assert answers.count(None) == rate.burst


@pytest.mark.django_db(transaction=True)
def test_workers_together_never_get_the_same_moment():
    answers = at_once(lambda: [budgets.line_up("key", SECOND, NOW) for _ in range(10)])
    assert sorted(answers) == [NOW + number * SECOND for number in range(40)]
