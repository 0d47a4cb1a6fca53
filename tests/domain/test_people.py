from datetime import timedelta

import pytest

from scheduler_ui.domain import people
from scheduler_ui.domain.people import Person
from scheduler_ui.domain.refusals import Refused
from scheduler_ui.models import Invite, Membership, Role, User
from tests.factories import NOW, PASSWORD, a_membership, a_user, a_workspace

pytestmark = pytest.mark.django_db
TOM = Person("tom@example.org", PASSWORD, "America/New_York", {"clock": "12"})


@pytest.fixture
def owner():
    return a_membership(a_user(), a_workspace())


def test_set_up_makes_an_operator_with_a_workspace():
    user = people.set_up(TOM)
    member = user.memberships.get()
    said = (user.is_superuser, str(user.timezone), user.clock, user.check_password(PASSWORD))
    assert said == (True, "America/New_York", "12", True)
    assert (member.role, member.workspace.name) == (Role.OWNER, "Workspace of tom")
    assert str(member.workspace.timezone) == "America/New_York"


def test_set_up_is_refused_once_there_is_a_user():
    a_user()
    with pytest.raises(Refused):
        people.set_up(TOM)
    assert User.objects.count() == 1


def test_invite_keeps_only_a_hash(owner):
    row, token = people.invite(owner, Role.MEMBER, NOW)
    assert token not in str(Invite.objects.filter(pk=row.pk).values().get())
    assert people.find_invite(token, NOW) == row


def test_invite_is_good_for_three_days(owner):
    _row, token = people.invite(owner, Role.MEMBER, NOW)
    assert people.find_invite(token, NOW + timedelta(days=3)) is None


def test_invite_is_gone_when_revoked(owner):
    row, token = people.invite(owner, Role.MEMBER, NOW)
    people.revoke(row)
    assert people.find_invite(token, NOW) is None


def test_join_as_new_makes_a_member_with_their_own_zone(owner):
    row, token = people.invite(owner, Role.MEMBER, NOW)
    user = people.join_as_new(row, TOM, NOW)
    member = user.memberships.get()
    assert (member.workspace, member.role, user.is_superuser) == (owner.workspace, Role.MEMBER, False)
    assert people.find_invite(token, NOW) is None


def test_join_as_new_works_once(owner):
    row, _token = people.invite(owner, Role.MEMBER, NOW)
    people.join_as_new(row, TOM, NOW)
    with pytest.raises(Refused):
        people.join_as_new(row, Person("ann@example.org", PASSWORD, "UTC", {}), NOW)
    assert User.objects.filter(email="ann@example.org").exists() is False


def test_join_as_new_with_a_known_mail_is_refused_and_leaves_the_link_good(owner):
    row, token = people.invite(owner, Role.MEMBER, NOW)
    a_user(email="tom@example.org")
    with pytest.raises(Refused) as raised:
        people.join_as_new(row, TOM, NOW)
    assert (raised.value.field, people.find_invite(token, NOW)) == ("email", row)


def test_join_adds_somebody_who_is_here_already(owner):
    row, _token = people.invite(owner, Role.OWNER, NOW)
    user = a_user()
    people.join(row, user, NOW)
    assert Membership.objects.get(user=user).role == Role.OWNER


def test_join_by_a_member_leaves_the_link_good(owner):
    row, token = people.invite(owner, Role.MEMBER, NOW)
    with pytest.raises(Refused):
        people.join(row, owner.user, NOW)
    assert people.find_invite(token, NOW) == row


def test_last_owner_can_neither_go_nor_become_a_member(owner):
    for decide in (people.remove, lambda member: people.give_role(member, Role.MEMBER)):
        with pytest.raises(Refused):
            decide(owner)
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


def test_owner_may_go_when_another_stays(owner):
    a_membership(a_user(), owner.workspace)
    people.remove(owner)
    assert owner.workspace.memberships.count() == 1
