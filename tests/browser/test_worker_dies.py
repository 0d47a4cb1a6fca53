"""The worker dies while the calendar is open: real processes, killed for real, and what the page says of it."""

import re
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.boot.running import Running, environment, start, status_of
from tests.rig import processes
from tests.rig.processes import free_port, wait_for

pytestmark = pytest.mark.grown_too
BERLIN = ZoneInfo("Europe/Berlin")
NO_WORKER = "No worker is running: nothing goes out."
WEB = "gunicorn project.wsgi --config python:project.web --worker-class gthread --threads 4 --no-control-socket --bind"


@pytest.fixture
def run():
    """Starts what it is given, and ends it after the test."""
    started = []

    def one(running: Running) -> Running:
        started.append(running)
        return running

    yield one
    for running in started:
        if running.process.poll() is None:
            running.end()
        running.clear_away()


@pytest.fixture
def page(open_page):
    return open_page()


def settle_in(page, link):
    """From the set-up link to a feed that posts can go to."""
    page.goto(link)
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    page.get_by_role("button", name="Create my workspace").click()
    page.get_by_role("button", name="Feed").click()
    expect(page.get_by_text("Our feed is connected.")).to_be_visible()


def schedule(page, address, ahead):
    """A post so far ahead; the calendar is open after it. Returns its chip there."""
    page.goto(f"{address}/posts/new/")
    page.get_by_placeholder("What do you want to say?").fill("Winter roast is back")
    at = (datetime.now(UTC) + ahead).astimezone(BERLIN)
    page.get_by_label("Date and time").fill(at.strftime("%Y-%m-%dT%H:%M:%S"))
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("It goes out")).to_be_visible()
    page.goto(f"{address}/")
    return page.locator(".chip", has_text="Winter roast is back")


def test_killed_worker_is_started_again_and_the_post_goes_out_on_the_open_calendar(tmp_path, run, page, shape):
    punctual = run(start(tmp_path, free_port(), **shape))
    address = punctual.hear(r"^Punctual is at (.*)$", 60)[1]
    settle_in(page, punctual.hear(r"^(http.*/setup/.+/)$", 5)[1])
    chip = schedule(page, address, timedelta(seconds=10))
    expect(chip).to_have_accessible_name(re.compile("Scheduled"))
    loaded = page.evaluate("performance.timeOrigin")

    dead = punctual.find("run_huey")
    dead.kill()
    assert wait_for(lambda: punctual.has("run_huey", besides=dead.pid), 3)
    expect(chip).to_have_accessible_name(re.compile("Published"), timeout=25_000)
    expect(page.get_by_text(NO_WORKER)).to_be_hidden()
    assert page.evaluate("performance.timeOrigin") == loaded


def test_page_that_is_open_tells_of_a_worker_that_is_gone_and_of_one_that_is_back(tmp_path, run, page, shape):
    port = free_port()
    said = processes.manage(tmp_path, "prepare", PORT=str(port), **shape)
    around = environment(tmp_path, port, **shape)

    def worker() -> Running:
        return run(Running([sys.executable, "manage.py", "run_huey"], around))

    web = run(Running([sys.executable, "-m", *WEB.split(), f"127.0.0.1:{port}"], around))
    first = worker()
    assert wait_for(lambda: _answers(port), 30), "".join(web.said)
    settle_in(page, re.search(r"http\S+/setup/\S+", said)[0])
    schedule(page, f"http://localhost:{port}", timedelta(minutes=5))
    expect(page.locator("#worker")).to_contain_text("Worker is running")
    loaded = page.evaluate("performance.timeOrigin")

    first.process.kill()
    expect(page.get_by_text(NO_WORKER)).to_be_visible(timeout=40_000)
    expect(page.locator("#banners")).to_contain_text(re.compile(r"Next post due in [45] min"))
    worker()
    expect(page.get_by_text(NO_WORKER)).to_be_hidden(timeout=40_000)
    expect(page.locator("#worker")).to_contain_text("Worker is running")
    assert page.evaluate("performance.timeOrigin") == loaded


def _answers(port: int) -> bool:
    try:
        return status_of(port, "/healthz") == 200
    except OSError:
        return False
