import pytest
from django.urls import reverse

from scheduler_ui.domain.rehearsals import ArrivalLog
from scheduler_ui.models import Account, RehearsalArrival
from tests.factories import NOW, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db
KEY = "0123456789"


@pytest.fixture
def account(workspace):
    return an_account(workspace, settings={"kind": "key", "name": "Rehearsal"})


def page(member, account):
    return member.get(reverse("rehearsal", args=[account.public_id]))


def configure(member, account, **typed):
    typed = {"kind": "key", "behaviour": "lost", "times": "2", "seconds": "5"} | typed
    return member.post(reverse("rehearsal_configure", args=[account.public_id]), typed)


def test_the_log_tells_what_arrived_and_what_became_of_it(member, account):
    log = ArrivalLog()
    assert log.add(account.public_id, KEY, "Winter roast", "lost", is_accepted=True) != ""
    assert log.add(account.public_id, KEY, "Winter roast", "429", is_accepted=False) == ""
    text = page(member, account).content.decode()
    assert ("Winter roast" in text, "Accepted, answer lost" in text, "429: asked to wait" in text) == (True,) * 3


def test_an_arrival_wakes_the_page(member, account):
    poll = page(member, account).context["poll"]
    headers = {"HX-Request": "true"}
    before = member.get(poll.url, headers=headers).status_code
    ArrivalLog().add(account.public_id, KEY, "Winter roast", "accept", is_accepted=True)
    after = member.get(poll.url, headers=headers)
    assert (before, after.status_code, "Winter roast" in after.content.decode()) == (204, 200, True)


def test_the_log_finds_by_key_and_by_time(account):
    log = ArrivalLog()
    log.add(account.public_id, KEY, "refused", "refuse", is_accepted=False)
    remote_id = log.add(account.public_id, KEY, "taken", "accept", is_accepted=True)
    assert (log.find(account.public_id, KEY), log.find(account.public_id, "other")) == (remote_id, None)
    [(found, text, at)] = log.recent(account.public_id, NOW)
    assert (found, text) == (remote_id, "taken")
    assert list(log.recent(account.public_id, at.replace(year=2099))) == []
    assert [log.count(account.public_id, name) for name in ("accept", "refuse", "lost")] == [1, 1, 0]


def test_how_it_behaves_is_kept(member, account):
    assert configure(member, account).status_code == 302
    kept = Account.objects.get().settings
    assert {name: kept[name] for name in ("kind", "behaviour", "times", "name")} == {
        "kind": "key",
        "behaviour": "lost",
        "times": 2,
        "name": "Rehearsal",
    }


@pytest.mark.parametrize("typed", [{"behaviour": "explode"}, {"times": "-1"}, {"seconds": "soon"}])
def test_nonsense_is_said_at_its_field_and_nothing_changes(member, account, typed):
    response = configure(member, account, **typed)
    assert (response.status_code, list(response.context["form"].errors)) == (422, list(typed))
    assert "behaviour" not in Account.objects.get().settings


def test_only_a_rehearsal_account_has_this_page(member, workspace):
    assert page(member, an_account(workspace, platform="feed")).status_code == 404


def test_a_stranger_gets_404(client, account):
    stranger = a_user()
    a_workspace(stranger)
    client.force_login(stranger)
    assert (page(client, account).status_code, configure(client, account).status_code) == (404, 404)


@pytest.mark.parametrize("count", [1, 3])
def test_the_log_costs_the_same_for_three_as_for_one(member, account, count, django_assert_num_queries):
    for _ in range(count):
        RehearsalArrival.objects.create(
            account=account, at=NOW, key=KEY, text="t", behaviour="accept", is_accepted=True
        )
    with django_assert_num_queries(8):
        page(member, account)
