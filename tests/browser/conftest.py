"""All pages, made from the sample files, and a Chromium to look at them with."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# The samples are those of the tests of the reports.
sys.path.append(str(Path(__file__).parents[1] / "reports"))

from all_pages import make_all_pages

# Elsewhere than in the environment `browser` there is no Playwright, and this file is read all the same.
if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Opened:
    """A page in the browser, with whatever it asked for and whatever it said."""

    page: "Page"
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Addresses that were asked for and are neither files nor part of a page."""
        return [address for address in self.asked if not address.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pages")
    make_all_pages(made)
    return made


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(playwright))
        yield running
        running.close()


def chromium(playwright: "Playwright") -> str:
    """Find a Chromium: the one that is named, that of the system, or Playwright's own; without one the tests fail."""
    found = os.environ.get("CONVSPEC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and Path(playwright.chromium.executable_path).is_file():
        found = playwright.chromium.executable_path
    if found is None:
        pytest.fail("no Chromium: install the system's, or run `playwright install chromium`, or set CONVSPEC_CHROMIUM")
    return found


@pytest.fixture
def opened(browser: "Browser", folder: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """An empty page, with the settings that a test asks for by a parameter."""
    context = browser.new_context(**getattr(request, "param", {}))
    found = Opened(context.new_page())
    found.page.on("request", lambda asked: found.asked.append(asked.url))
    found.page.on("console", lambda message: found.said.append(f"{message.type}: {message.text}"))
    found.page.on("pageerror", lambda error: found.said.append(f"error: {error}"))
    yield found
    context.close()
