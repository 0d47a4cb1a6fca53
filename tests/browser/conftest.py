"""A real Chromium for the tests of this folder; any error in its console fails the test.

`page` is a fresh browser in Berlin; `open_page(...)` makes more, of other sizes, zones and themes. `sign_in(user)`
needs no form, `axe(page)` lists what is not accessible. A failed test leaves pictures in test-results/.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from scheduler_ui.models import User

RESULTS = Path(__file__).resolve().parents[2] / "test-results"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
# A form that refuses what was typed answers 422, a move that came too late 409: the browser says so, and it is meant.
MEANT = re.compile(r"status of (422|409) ")
WATCH_POLICY = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if is_root else [])
        yield browser
        browser.close()


@pytest.fixture
def allowed_errors() -> list[str]:
    """Parts of console messages that a test brings about on purpose, such as a server that is away."""
    return []


@pytest.fixture
def open_page(chromium: Browser, live_server, request, allowed_errors: list[str]) -> Iterator[Callable[..., Page]]:
    """Fresh browsers on the live server: `open_page(viewport=PHONE, timezone_id="Asia/Tokyo", color_scheme="dark")`."""
    contexts, errors = [], []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not MEANT.search(message.text):
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    def open_one(**options) -> Page:
        defaults = {"viewport": DESKTOP, "timezone_id": "Europe/Berlin", "locale": "en-GB", "color_scheme": "light"}
        context = chromium.new_context(**{"base_url": live_server.url} | defaults | options)
        context.add_init_script(WATCH_POLICY)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(f"page error: {error}"))
        return page

    yield open_one
    if request.node.stash.get(FAILED, False):
        _keep_pictures(request.node.name, contexts)
    for context in contexts:
        context.close()
    unmeant = [error for error in errors if not any(part in error for part in allowed_errors)]
    assert unmeant == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def sign_in(live_server, page: Page) -> Callable[..., Page]:
    """`sign_in(user)` for the test's own page, `sign_in(user, another)` for one more."""

    def sign_in_on(user: User, on: Page | None = None) -> Page:
        client = Client()
        client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        on = on or page
        on.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        return on

    return sign_in_on


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What is not accessible on a page: each rule with the first elements that break it."""

    def run(page: Page) -> list[str]:
        found = Axe().run(page).response["violations"]
        return [f"{rule['id']}: {[node['html'][:120] for node in rule['nodes'][:3]]}" for rule in found]

    return run


@pytest.fixture
def overflow() -> Callable[[Page], int]:
    """How many pixels a page is wider than its window."""
    return lambda page: page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
    return report


def _keep_pictures(name: str, contexts: list) -> None:
    RESULTS.mkdir(exist_ok=True)
    stem = re.sub(r"\W+", "-", name)
    for number, page in enumerate(page for context in contexts for page in context.pages):
        page.screenshot(path=RESULTS / f"{stem}-{number}.png")
