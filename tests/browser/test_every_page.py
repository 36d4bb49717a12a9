"""What is true of every page: it asks for nothing, says nothing on the console, and anyone can read it."""

from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="Playwright, which drives a browser, is in the environment `browser`")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from convspec.reports.page import PAGES

NAMES = [name for name, _ in PAGES]
SCHEMES = ("light", "dark")
ALL_OPEN = "document.querySelectorAll('details').forEach((box) => { box.open = true; })"


def test_the_folder_holds_the_pages_that_can_be_made(folder: Path) -> None:
    made = {path.name for path in folder.glob("*.html")}
    assert {"index.html", "lesson.html", "proof.html", "speed.html", "diff.html"} <= made <= set(NAMES)


def present(folder: Path, name: str) -> str:
    if not (folder / name).is_file():
        pytest.skip(f"{name} cannot be made from the sample files")
    return (folder / name).as_uri()


@pytest.mark.parametrize("name", NAMES)
def test_no_request_leaves_the_page_and_the_console_is_silent(name: str, folder: Path, opened) -> None:
    address = present(folder, name)
    opened.page.goto(address, wait_until="load")
    opened.page.evaluate(ALL_OPEN)
    for box in opened.page.locator(".controls button:not(:disabled), #filters select").all():
        box.focus()
    opened.page.wait_for_timeout(300)
    assert opened.outside == []
    assert [asked for asked in opened.asked if asked.startswith("file:")] == [address]
    assert opened.said == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(name: str, scheme: str, folder: Path, browser: Browser) -> None:
    address = present(folder, name)
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(address, wait_until="load")
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
        for opening in (False, True):
            if opening:
                page.evaluate(ALL_OPEN)
            response = Axe().run(page).response
            # Rules were tried: a page that axe could not read would have no violations either.
            assert len(response["passes"]) > 15
            found = response["violations"]
            assert not found, "\n".join(
                f"{rule['id']}: {rule['help']}: {node['html'][:200]} {node['any'][:1]}"
                for rule in found
                for node in rule["nodes"][:5]
            )


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    wrong = '<html><title>wrong</title><main><img src="data:,"><p style="color:#eee">pale</p></main></html>'
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(wrong)
        found = {rule["id"] for rule in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wider_than_the_window(name: str, width: int, folder: Path, browser: Browser) -> None:
    address = present(folder, name)
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(address, wait_until="load")
        page.evaluate(ALL_OPEN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", NAMES)
def test_every_place_of_a_page_can_be_gone_to_by_keyboard(name: str, folder: Path, opened) -> None:
    opened.page.goto(present(folder, name), wait_until="load")
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("location.hash") == "#main"
    links = opened.page.locator("nav.sections a")
    for place in range(links.count()):
        links.nth(place).focus()
        opened.page.keyboard.press("Enter")
        anchor = opened.page.evaluate("location.hash")
        top = opened.page.evaluate("document.querySelector(location.hash).getBoundingClientRect().top")
        at_the_end = opened.page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2")
        assert -2 <= top <= 40 or at_the_end, anchor


@pytest.mark.parametrize("name", NAMES)
def test_paper_shows_what_is_folded_away(name: str, folder: Path, opened) -> None:
    opened.page.goto(present(folder, name), wait_until="load")
    opened.page.evaluate(
        "addEventListener('beforeprint',"
        " () => { globalThis.closed = document.querySelectorAll('details:not([open])').length; })"
    )
    folded = opened.page.locator("details:not([open])").count()
    opened.page.pdf()
    assert opened.page.evaluate("globalThis.closed") == 0
    assert opened.page.locator("details:not([open])").count() == folded


@pytest.mark.parametrize("name", NAMES)
def test_paper_shows_it_without_scripts_too(name: str, folder: Path, browser: Browser) -> None:
    address = present(folder, name)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address, wait_until="load")
        page.emulate_media(media="print")
        for box in page.locator("#cite details > pre").all():
            assert box.bounding_box()["height"] > 10
