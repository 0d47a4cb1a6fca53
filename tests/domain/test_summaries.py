import pytest

from scheduler_ui.domain.summaries import WEIGHT, Summary, summarise
from scheduler_ui.models import Status


def test_every_status_has_a_weight():
    assert set(WEIGHT) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_one_delivery_gives_its_own_status(status):
    assert summarise([status]) == Summary(status.value, status.label)


@pytest.mark.parametrize(
    ("statuses", "status", "words"),
    [
        ([], "draft", "Draft"),
        (["published", "published"], "published", "Published"),
        (["published", "published", "publishing"], "publishing", "2 of 3 published, 1 publishing"),
        (["published", "failed"], "failed", "1 of 2 published, 1 failed"),
        (["scheduled", "retrying"], "retrying", "1 of 2 retrying"),
        (["canceled", "canceled"], "canceled", "Canceled"),
        (["canceled", "published"], "published", "Published"),
    ],
)
def test_several_deliveries_are_told_in_words(statuses, status, words):
    assert summarise(statuses) == Summary(status, words)
