"""`make screenshots`: the README's pictures, of the real program on its demo, into docs/images."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
PATIENCE = 90


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="punctual-screenshots-") as folder:
        port = free_port()
        with running(folder, port), sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM") or None
            is_root = hasattr(os, "geteuid") and os.geteuid() == 0
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if is_root else [])
            password = (Path(folder) / "demo_password").read_text()
            take_all(browser, f"http://localhost:{port}", password)
            browser.close()


@contextmanager
def running(folder: str, port: int):
    """The demo, as `make demo` starts it, on data of its own."""
    environment = os.environ | {"DATA_DIR": folder, "PORT": str(port), "DATABASE_URL": "", "ENV_FILE": os.devnull}
    command = [sys.executable, "-m", "tools.run", "--demo"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://localhost:{port}/readyz", process)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def wait_for(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            sys.exit("The demo did not start.")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit(f"{address} did not answer within {PATIENCE} s.")


def take_all(browser: Browser, address: str, password: str) -> None:
    light = sign_in(browser, address, password, DESKTOP, "light")
    post = find_post(light)
    take(light, "/", "calendar-light")
    take(light, "/queue/", "queue")
    take(light, post, "post")
    take(light, "/on-time/", "on-time")
    compose(light)
    take(sign_in(browser, address, password, DESKTOP, "dark"), "/", "calendar-dark")
    take(sign_in(browser, address, password, PHONE, "light"), "/", "phone")


def sign_in(browser: Browser, address: str, password: str, viewport: dict, scheme: str) -> Page:
    context = browser.new_context(
        base_url=address, viewport=viewport, color_scheme=scheme, timezone_id="Europe/Berlin", locale="en-GB"
    )
    page = context.new_page()
    page.goto("/account/login/")
    page.locator("[name=login]").fill("ines@example.org")
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{address}/")
    return page


def find_post(page: Page) -> str:
    """The one that asks: it has the longest story to tell."""
    page.goto("/queue/?tab=needs_you")
    row = page.locator("tr", has_text="Is it out?").first
    return row.locator(".clip a").get_attribute("href") or "/"


def take(page: Page, path: str, name: str) -> None:
    page.goto(path)
    save(page, name)


def compose(page: Page) -> None:
    page.goto("/posts/new/")
    page.locator("textarea[name=text]").fill("Winter roast is back on Friday. Forty bags, first come first served.")
    for box in page.locator("input[name=accounts]").all()[:3]:
        box.set_checked(True, force=True)
    page.wait_for_timeout(1500)
    save(page, "composer")


def save(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main()
