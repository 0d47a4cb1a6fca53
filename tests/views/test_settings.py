from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse

from scheduler_ui.models import Installation, Role, User
from tests.factories import a_membership, a_post, a_user, a_workspace, an_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    member = a_membership(a_user(timezone="Europe/Berlin"), a_workspace())
    client.force_login(member.user)
    return member


@pytest.fixture
def member(client, owner):
    member = a_membership(a_user(), owner.workspace, Role.MEMBER)
    client.force_login(member.user)
    return member


def a_timed_post(owner):
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    times = {"scheduled_for": soon, "timezone": "Europe/Berlin"}
    times["local_time"] = soon.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    return a_post(owner.workspace, an_account(owner.workspace), author=owner.user, **times)


def test_settings_ask_strangers_to_sign_in(client):
    assert client.get("/settings/").url == "/account/login/?next=/settings/"


def test_settings_show_every_section_to_an_owner(client, owner):
    page = client.get("/settings/").content.decode()
    assert [
        name
        for name in ("zone", "look", "people", "mail", "publishing", "workspace", "you")
        if f'id="{name}"' not in page
    ] == []


def test_settings_show_a_member_neither_invitations_nor_the_workspace(client, member):
    page = client.get("/settings/").content.decode()
    hidden = [reverse("invite"), reverse("settings_workspace"), 'name="publishing"']
    assert [part for part in hidden if part in page] == []


@pytest.mark.parametrize("others", [1, 3])
def test_settings_cost_the_same_for_many_people(client, owner, others, django_assert_max_num_queries):
    for _number in range(others):
        a_membership(a_user(), owner.workspace, Role.MEMBER)
    with django_assert_max_num_queries(10):
        client.get("/settings/")


def test_change_of_zone_without_timed_posts_asks_nothing(client, owner):
    answer = client.post(reverse("zone_change"), {"timezone": "Europe/Lisbon"})
    owner.user.refresh_from_db()
    assert (answer.status_code, str(owner.user.timezone)) == (302, "Europe/Lisbon")


def test_change_of_zone_with_timed_posts_asks_first(client, owner):
    a_timed_post(owner)
    answer = client.post(reverse("zone_change"), {"timezone": "Europe/Lisbon"})
    owner.user.refresh_from_db()
    assert (answer.status_code, str(owner.user.timezone)) == (422, "Europe/Berlin")
    assert answer.context["change"].posts == 1


def test_change_of_zone_does_what_was_answered(client, owner):
    post = a_timed_post(owner)
    client.post(reverse("zone_change"), {"timezone": "Europe/Lisbon", "keep": "clock"})
    before, at = post.scheduled_for, type(post).objects.get().scheduled_for
    assert at - before == timedelta(hours=1)


def test_change_to_an_unknown_zone_is_refused(client, owner):
    answer = client.post(reverse("zone_change"), {"timezone": "Europe/Atlantis"})
    assert (answer.status_code, "That is not a time zone" in answer.content.decode()) == (422, True)


def test_zone_question_names_the_posts(client, owner):
    a_timed_post(owner)
    asked = client.get(reverse("zone_ask"), {"timezone": "Asia/Kathmandu"}).content.decode()
    assert "What about the 1 post you have already timed in Berlin?" in asked
    assert "1 post moves, 4 h 45 min earlier" in asked


def test_zone_question_is_silent_for_the_present_zone(client, owner):
    a_timed_post(owner)
    assert "already timed" not in client.get(reverse("zone_ask"), {"timezone": "Europe/Berlin"}).content.decode()


def test_kept_zone_is_remembered(client, owner):
    client.post(reverse("zone_keep"), {"browser_zone": "Europe/Lisbon"})
    owner.user.refresh_from_db()
    assert owner.user.kept_zone == "Europe/Lisbon"


def test_look_is_saved(client, owner):
    client.post(reverse("settings_look"), {"week_start": "6", "clock": "12", "theme": "dark"})
    owner.user.refresh_from_db()
    looks = (owner.user.week_start, owner.user.clock, owner.user.theme, owner.user.has_shortcuts)
    assert looks == (6, "12", "dark", False)
    assert 'data-theme="dark"' in client.get("/settings/").content.decode()


def test_look_that_nobody_offers_is_not_saved(client, owner):
    client.post(reverse("settings_look"), {"week_start": "3", "clock": "12", "theme": "dark"})
    owner.user.refresh_from_db()
    assert owner.user.theme == "system"


def test_mail_choices_are_saved(client, owner):
    client.post(reverse("settings_mail"), {"mail_failed": "on"})
    owner.user.refresh_from_db()
    chosen = (owner.user.mail_failed, owner.user.mail_asked, owner.user.mail_account, owner.user.mail_worker)
    assert chosen == (True, False, False, False)


def test_mail_section_says_that_nobody_will_be_told(client, owner, settings):
    settings.MAIL_IS_SET = False
    assert "Nobody will be told outside the app." in client.get("/settings/").content.decode()
    settings.MAIL_IS_SET = True
    assert "Nobody will be told outside the app." not in client.get("/settings/").content.decode()


def test_test_mail_reaches_the_person(client, owner, settings):
    settings.MAIL_IS_SET = True
    client.post(reverse("settings_test_mail"))
    assert [sent.to for sent in mail.outbox] == [[owner.user.email]]


def test_test_mail_without_mail_says_why(client, owner, settings):
    settings.MAIL_IS_SET = False
    answer = client.post(reverse("settings_test_mail"), follow=True)
    assert (mail.outbox, "Mail is not set" in answer.content.decode()) == ([], True)


def test_publishing_is_switched_off_and_every_page_says_so(client, owner):
    User.objects.update(is_superuser=True)
    client.post(reverse("settings_publishing"), {"publishing": "off"})
    assert Installation.objects.get().scheduling_enabled is False
    assert "Publishing is switched off." in client.get("/").content.decode()


def test_publishing_is_not_for_a_member_to_switch(client, member):
    answer = client.post(reverse("settings_publishing"), {"publishing": "off"})
    assert (answer.status_code, Installation.objects.exists()) == (403, False)


def test_publishing_that_the_environment_decides_is_not_switched(client, owner, settings):
    User.objects.update(is_superuser=True)
    settings.SCHEDULING_ENABLED = True
    client.post(reverse("settings_publishing"), {"publishing": "off"})
    assert Installation.objects.exists() is False


def test_workspace_is_renamed_by_an_owner(client, owner):
    client.post(
        reverse("settings_workspace"),
        {"name": "Harbor", "timezone": "Europe/Lisbon", "late_minutes": "5", "late_then": "skip"},
    )
    owner.workspace.refresh_from_db()
    said = (
        owner.workspace.name,
        str(owner.workspace.timezone),
        owner.workspace.late_minutes,
        owner.workspace.late_then,
    )
    assert said == ("Harbor", "Europe/Lisbon", 5, "skip")


def test_workspace_without_a_name_keeps_what_it_had(client, owner):
    answer = client.post(
        reverse("settings_workspace"), {"name": "", "timezone": "Nowhere", "late_minutes": "-1", "late_then": "skip"}
    )
    assert (answer.status_code, sorted(answer.context["workspace_form"].errors)) == (
        422,
        ["late_minutes", "name", "timezone"],
    )


def test_workspace_is_not_for_a_member_to_change(client, member):
    answer = client.post(
        reverse("settings_workspace"), {"name": "Mine", "timezone": "UTC", "late_minutes": "5", "late_then": "skip"}
    )
    assert (answer.status_code, type(member.workspace).objects.get().name) == (403, "Harbor Coffee")


@pytest.mark.parametrize(
    "name", ["zone_change", "zone_keep", "settings_look", "settings_mail", "settings_test_mail", "settings_publishing"]
)
def test_unsafe_settings_are_post_only(client, owner, name):
    assert client.get(reverse(name)).status_code == 405
