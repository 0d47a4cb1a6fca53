"""A platform's own limits are kept before it has to refuse."""

from datetime import timedelta

import pytest

from scheduler_ui.domain import reasons, scenes
from scheduler_ui.engine import clock, deliver
from scheduler_ui.models import Attempt, Delivery, Status, Worker
from scheduler_ui.platforms.bluesky import Bluesky
from scheduler_ui.platforms.outcomes import Unavailable
from scheduler_ui.platforms.rates import Rate
from tests.factories import a_post, a_user, an_account

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rated(fake, monkeypatch):
    """Two at once, then one every thirty seconds."""
    monkeypatch.setattr(fake, "rates", (Rate("account", 4, MINUTE),))
    return fake


def post_now(account):
    number = Delivery.objects.count()
    at = clock.now() - timedelta(milliseconds=5)
    return a_post(account.workspace, account, text=f"Roast {number}", scheduled_for=at).deliveries.get()


def send(row):
    deliver.deliver(row.pk)
    return Delivery.objects.get(pk=row.pk)


def test_what_exceeds_a_limit_waits_for_its_turn_and_counts_no_try(account, rated):
    began = clock.now()
    sent = [send(post_now(account)) for _ in range(4)]
    assert [row.status for row in sent] == [Status.PUBLISHED] * 2 + [Status.SCHEDULED] * 2
    assert (sent[2].tries, sent[2].queued_at, Attempt.objects.count()) == (0, None, 2)
    waits = [(row.due_at - began) / MINUTE for row in sent[2:]]
    assert waits == [pytest.approx(0.5, abs=0.02), pytest.approx(1, abs=0.02)]


def test_limit_of_an_account_is_nobody_elses(account, rated):
    other = an_account(account.workspace, platform="fake")
    for _ in range(3):
        send(post_now(account))
    assert send(post_now(other)).status == Status.PUBLISHED


def test_limit_of_a_network_is_for_all_its_accounts(account, rated, monkeypatch):
    monkeypatch.setattr(rated, "rates", (Rate("network", 4, MINUTE),))
    for _ in range(2):
        send(post_now(account))
    other = an_account(account.workspace, platform="fake")
    assert send(post_now(other)).status == Status.SCHEDULED


def test_turn_that_has_come_goes_out(account, rated, monkeypatch):
    rows = [send(post_now(account)) for _ in range(3)]
    monkeypatch.setattr(clock, "now", lambda: rows[2].due_at)
    assert send(rows[2]).status == Status.PUBLISHED


def test_platform_without_rates_pays_nothing(account, fake, django_assert_num_queries):
    from scheduler_ui.domain import platform_tools
    from scheduler_ui.engine import rates

    row = post_now(account)
    with django_assert_num_queries(0):
        assert rates.must_wait(row, platform_tools.platform_for(account), clock.now()) is False


def test_page_says_that_it_waits_for_its_turn(account, rated):
    row = [send(post_now(account)) for _ in range(3)][2]
    now = clock.now()
    Worker.objects.create(host="here", pid=1, threads=1, started_at=now, beat_at=now)
    reason = reasons.explain(
        Delivery.objects.select_related("account", "post", "workspace").get(pk=row.pk), scenes.scene(a_user(), now)
    )
    assert reason.sentence.startswith("It waits for its turn, and goes out today at ")
    assert "each has its turn" in " ".join(reason.why)


def test_bluesky_keeps_to_its_points():
    hour = Bluesky.rates[0]
    assert (hour.limit * 3, hour.per) == (4998, timedelta(hours=1))


@pytest.mark.parametrize(("asked", "kept"), [(timedelta(days=3), timedelta(hours=6)), (MINUTE, MINUTE), (None, None)])
def test_wait_that_is_asked_for_is_capped_whoever_asks(asked, kept):
    assert Unavailable("Slow down.", retry_after=asked).retry_after == kept
