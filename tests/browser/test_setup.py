"""The newcomer's first minute: the set-up link, the first page, out and in again."""

import re

import pytest
from playwright.sync_api import expect

from scheduler_ui.domain import setup_links
from scheduler_ui.models import User
from tests.browser.conftest import PHONE
from tests.factories import PASSWORD, a_user, a_workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_setup_makes_the_operator_in_the_browsers_zone(open_page):
    page = open_page(timezone_id="America/New_York", locale="en-US")
    page.goto(f"/setup/{setup_links.token()}/")
    page.get_by_label("E-mail").fill("ines@harbor.coffee")
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_role("combobox")).to_have_value("America/New_York")
    page.get_by_role("button", name="Create my workspace").click()
    expect(page).to_have_url(re.compile(r"/$"))
    user = User.objects.get()
    said = (user.email, str(user.timezone), user.clock, user.week_start, user.is_superuser)
    assert said == ("ines@harbor.coffee", "America/New_York", "12", 6, True)


def test_setup_without_a_script_asks_for_the_zone(open_page):
    page = open_page(java_script_enabled=False)
    page.goto(f"/setup/{setup_links.token()}/")
    page.get_by_label("E-mail").fill("ines@harbor.coffee")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Time zone").select_option("Asia/Kathmandu")
    page.get_by_role("button", name="Create my workspace").click()
    expect(page).to_have_url(re.compile(r"/$"))
    assert str(User.objects.get().timezone) == "Asia/Kathmandu"


def test_setup_keeps_what_was_typed_when_the_password_is_too_short(page):
    page.goto(f"/setup/{setup_links.token()}/")
    page.get_by_label("E-mail").fill("ines@harbor.coffee")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create my workspace").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("ines@harbor.coffee")
    expect(page.get_by_label("Password")).to_have_value("short")


def test_sign_out_and_in_again(page, sign_in):
    user = a_user()
    a_workspace(user)
    sign_in(user).goto("/settings/")
    page.get_by_role("complementary").get_by_role("button", name="Sign out").click()
    page.get_by_label("E").first.fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", ["setup", "/account/login/", "/account/password/reset/", "/setup/wrong/"])
def test_gate_is_accessible_and_fits_a_phone(open_page, axe, overflow, address, scheme, allowed_errors):
    allowed_errors.append("status of 410")
    page = open_page(viewport=PHONE, color_scheme=scheme)
    page.goto(f"/setup/{setup_links.token()}/" if address == "setup" else address)
    assert (axe(page), overflow(page)) == ([], 0)
