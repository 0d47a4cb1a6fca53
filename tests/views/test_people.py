import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from scheduler_ui.domain import people, setup_links
from scheduler_ui.models import Invite, Membership, Role, User
from tests.factories import PASSWORD, a_membership, a_user, a_workspace

pytestmark = pytest.mark.django_db
TYPED = {
    "email": "tom@example.org",
    "password": PASSWORD,
    "timezone": "America/New_York",
    "theme": "dark",
    "clock": "12",
    "week_start": "6",
}


@pytest.fixture
def owner(client):
    member = a_membership(a_user(), a_workspace())
    client.force_login(member.user)
    return member


@pytest.fixture
def token(owner):
    return people.invite(owner, Role.MEMBER, timezone.now())[1]


def setup_address():
    return reverse("setup", args=[setup_links.token()])


def test_setup_makes_the_operator_and_signs_in(client):
    assert client.post(setup_address(), TYPED).url == "/"
    user = User.objects.get()
    assert (user.is_superuser, user.theme, client.session["_auth_user_id"]) == (True, "dark", str(user.pk))


def test_setup_link_works_once(client):
    address = setup_address()
    client.post(address, TYPED)
    assert [client.get(address).status_code, client.post(address, TYPED).status_code] == [410, 410]
    assert User.objects.count() == 1


def test_setup_with_a_wrong_token_makes_nobody(client):
    answer = client.post(reverse("setup", args=["wrong"]), TYPED)
    assert (answer.status_code, User.objects.exists()) == (410, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "tom"), ("password", "short"), ("password", "password1234"), ("timezone", "Mars"), ("theme", "pink")],
)
def test_setup_says_what_is_wrong_and_keeps_what_was_typed(client, field, value):
    answer = client.post(setup_address(), TYPED | {field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert 'value="tom' in answer.content.decode()


def test_invite_shows_a_link_that_lets_somebody_in(client, owner):
    answer = client.post(reverse("invite"), {"role": "owner"})
    link = re.search(r'value="http://testserver(/join/[^"]+)"', answer.content.decode())[1]
    client.logout()
    assert client.post(link, TYPED).url == "/"
    member = Membership.objects.get(user__email="tom@example.org")
    assert (member.role, str(member.user.timezone), member.user.is_superuser) == (Role.OWNER, "America/New_York", False)


def test_invite_is_for_owners(client, owner):
    member = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.force_login(member.user)
    assert (client.post(reverse("invite"), {"role": "owner"}).status_code, Invite.objects.exists()) == (403, False)


def test_invite_for_an_unknown_role_is_refused(client, owner):
    assert (client.post(reverse("invite"), {"role": "boss"}).status_code, Invite.objects.exists()) == (403, False)


def test_join_link_works_once(client, token):
    client.logout()
    client.post(reverse("join", args=[token]), TYPED)
    client.logout()
    assert client.get(reverse("join", args=[token])).status_code == 410


def test_join_link_that_is_too_old_is_gone(client, token):
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client.logout()
    assert client.post(reverse("join", args=[token]), TYPED).status_code == 410


def test_join_with_a_known_mail_says_so_at_the_field(client, token):
    a_user(email="tom@example.org")
    client.logout()
    answer = client.post(reverse("join", args=[token]), TYPED)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["email"])


def test_join_signed_in_opens_the_other_workspace(client, token, owner):
    tom = a_membership(a_user(), a_workspace(name="Toms")).user
    client.force_login(tom)
    assert client.post(reverse("join", args=[token])).url == "/"
    assert client.get("/").context["request"].member.workspace == owner.workspace


def test_join_as_a_member_already_says_so(client, token):
    assert client.post(reverse("join", args=[token])).status_code == 409


def test_revoked_link_is_gone(client, owner, token):
    client.post(reverse("invite_revoke", args=[Invite.objects.get().public_id]))
    client.logout()
    assert client.get(reverse("join", args=[token])).status_code == 410


def test_stranger_cannot_revoke(client, token):
    client.force_login(a_membership(a_user(), a_workspace()).user)
    assert client.post(reverse("invite_revoke", args=[Invite.objects.get().public_id])).status_code == 404


def test_member_cannot_revoke(client, owner, token):
    client.force_login(a_membership(a_user(), owner.workspace, Role.MEMBER).user)
    answer = client.post(reverse("invite_revoke", args=[Invite.objects.get().public_id]))
    assert (answer.status_code, Invite.objects.count()) == (403, 1)


def test_person_is_removed_by_an_owner(client, owner):
    tom = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.post(reverse("person_change", args=[tom.user.public_id]), {"role": ""})
    assert list(owner.workspace.memberships.all()) == [owner]


def test_person_becomes_an_owner(client, owner):
    tom = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.post(reverse("person_change", args=[tom.user.public_id]), {"role": "owner"})
    tom.refresh_from_db()
    assert tom.role == Role.OWNER


def test_person_with_an_unknown_role_stays_as_they_are(client, owner):
    tom = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.post(reverse("person_change", args=[tom.user.public_id]), {"role": "boss"})
    tom.refresh_from_db()
    assert tom.role == Role.MEMBER


def test_last_owner_is_told_why_they_cannot_go(client, owner):
    answer = client.post(reverse("person_change", args=[owner.user.public_id]), {"role": ""}, follow=True)
    assert "A workspace needs an owner." in answer.content.decode()
    assert Membership.objects.filter(pk=owner.pk).exists() is True


def test_person_of_another_workspace_is_not_found(client, owner):
    stranger = a_membership(a_user(), a_workspace())
    assert client.post(reverse("person_change", args=[stranger.user.public_id]), {"role": ""}).status_code == 404


def test_members_change_nobody(client, owner):
    tom = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.force_login(tom.user)
    assert client.post(reverse("person_change", args=[owner.user.public_id]), {"role": ""}).status_code == 403
