"""A real Chromium for tests: the machine's own, watched, and able to reach this machine alone."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Route, sync_playwright

# The same engine without windows comes first: it needs a quarter of the time for a page.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ARTIFACTS = Path(__file__).parents[1] / "test-artifacts"


def installed() -> str | None:
    """Where the browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, ended afterwards."""
    found = installed()
    assert found, "no Chromium on this machine"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def tab(
    browser: Browser, *, height: int = 900, width: int = 1280, console: bool = False, ours: bool = True, **more: Any
) -> Iterator[Page]:
    """A page, on which nothing may break or ask for anything beyond this machine; nor, with `console`, complain there.

    One that is not `ours` (Prefect's asks for a script of its makers) asks in vain.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, **more)
    problems: list[str] = []

    def guard(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            problems.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", guard)
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    if console:
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    try:
        yield page
    finally:
        context.close()
    assert not ours or problems == []


def shot(folder: str, page: Page, name: str, *, after_ms: int = 250) -> None:
    """Keep what is seen, once the entrance animation has ended."""
    place = ARTIFACTS / folder
    place.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(after_ms)
    page.screenshot(path=place / f"{name}.png")
