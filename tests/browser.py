"""A real browser for the tests: the system's Chromium, driven by Playwright, offline."""

import shutil
import socket
import time
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from examples import ROOT

SCREENSHOTS = ROOT / "screenshots"  # git-ignored; CI keeps them
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# It must work as root, in a container, and leave the network alone.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable():
    """Path of Chromium or Chrome; the test is skipped where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here: apt-get install chromium")


@contextmanager
def chromium():
    """Yield Playwright's browser, with a new profile, closed at the end."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def new_page(browser, viewport=DESKTOP):
    """Yield an empty page; afterwards nothing may have been asked of another machine.

    What the page asked for and was not on this machine is in ``page.foreign``; what went wrong in
    its scripts is in ``page.faults``.
    """
    context = browser.new_context(viewport=viewport)
    page = context.new_page()
    page.foreign, page.faults = [], []

    def asked(request):
        address = urlsplit(request.url)
        if address.scheme in ("http", "https") and address.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            page.foreign.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    try:
        yield page
    finally:
        context.close()


def shoot(page, name, **options):
    """Keep a screenshot as ``screenshots/NAME.png`` and return its path."""
    path = SCREENSHOTS / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, **options)
    return path


def free_port():
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_server(url, process, seconds=120):
    """Return when ``url`` answers; fail when ``process`` ends or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"nothing answered at {url} in {seconds} seconds")
