"""The lesson: steps and explorer work by keyboard, figures stand still for those who ask, and can be saved."""

import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from convspec.reports import offered

pytest.importorskip("playwright", reason="Playwright, which drives a browser, is in the environment `browser`")

MOVING = "document.getAnimations().filter((a) => a.playState === 'running').length"


@pytest.fixture
def lesson(opened, folder: Path):
    opened.page.goto((folder / "lesson.html").as_uri(), wait_until="load")
    return opened


def test_the_steps_are_taken_by_keyboard(lesson) -> None:
    page = lesson.page
    box = page.locator(".stepper").first
    report = box.locator(".controls output")
    box.locator(".canvas").focus()
    page.keyboard.press("ArrowRight")
    assert report.inner_text() == "Step 2 of 30: row 0, column 1 gives 30."
    page.keyboard.press("ArrowDown")
    assert report.inner_text().startswith("Step 7 of 30: row 1, column 1")
    page.keyboard.press("End")
    assert report.inner_text().startswith("Step 30 of 30: row 5, column 4")
    # Each step stands in the picture as the list tells it.
    assert box.locator(".at-window").get_attribute("transform") != "translate(0 0)"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert report.inner_text().startswith("Step 1 of 30: row 0, column 0 gives 0.")
    box.locator("button[data-go=next]").focus()
    page.keyboard.press("Enter")
    assert report.inner_text().startswith("Step 2 of 30")
    box.locator("button[data-go=last]").focus()
    page.keyboard.press("Space")
    assert report.inner_text().startswith("Step 30 of 30")
    # The button that took the last step is switched off; the keyboard is still in the box.
    assert page.evaluate("document.activeElement.closest('.stepper') !== null")
    assert lesson.said == []


def test_the_explorer_answers_by_keyboard_and_stands_in_the_link(lesson, folder: Path) -> None:
    page = lesson.page
    says, whole = page.locator("#explorer-answer .says"), "The kernel fits at 3 positions; nothing is left over."
    field = page.locator("#explorer input[name=size]")
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("11")
    for name, value in (("kernel", "3"), ("before", "0"), ("after", "0"), ("stride", "3"), ("dilation", "2")):
        page.locator(f"#explorer input[name={name}]").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type(value)
    # (11 - 2 (3 - 1) - 1) / 3 is exactly 2.
    assert says.inner_text() == whole
    address = page.url
    assert "#shape-explorer?" in address
    assert "&size=11&" in address
    page.goto("about:blank")
    page.goto(address, wait_until="load")
    assert says.inner_text() == whole
    page.locator("#explorer input[name=stride]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("0")
    assert says.inner_text() == "ValueError: stride must be at least 1, got 0"
    assert lesson.said == []


def test_the_classic_figures_move_and_can_be_held_still_by_keyboard(lesson) -> None:
    page = lesson.page
    page.locator("#moving").scroll_into_view_if_needed()
    assert page.evaluate(MOVING) > 0
    page.locator("#pause").focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    assert page.evaluate(MOVING) == 0


@pytest.mark.parametrize("opened", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_ask_for_less_motion(lesson) -> None:
    assert lesson.page.evaluate("document.getAnimations().length") == 0


def saved(page, anchor: str) -> str:
    link = page.locator(f"#{anchor} a[download$='.svg']")
    with page.expect_download() as waiting:
        link.focus()
        page.keyboard.press("Enter")
    return Path(waiting.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_moving_figure_can_be_saved_and_respects_reduced_motion(motion: str, lesson, tmp_path: Path) -> None:
    page = lesson.page
    text = saved(page, "fig-stride-with-padding")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    alone = tmp_path / "figure.svg"
    alone.write_text(text, encoding="utf-8")
    page.emulate_media(reduced_motion=motion)
    page.goto(alone.as_uri(), wait_until="load")
    assert (page.evaluate(MOVING) > 0) == (motion == "no-preference")
    assert lesson.said == []


def test_every_figure_is_saved_as_an_edition_publishes_it(lesson, folder: Path) -> None:
    published = dict(offered((folder / "lesson.html").read_text(encoding="utf-8")))
    links = lesson.page.locator("figure.drawn a[download$='.svg']").all()
    assert len(links) == sum(name.endswith(".svg") for name in published) > 20
    for link in links:
        text = unquote(re.sub("^[^,]*,", "", link.get_attribute("href")))
        saved = ElementTree.fromstring(text)
        wanted = ElementTree.fromstring(published[link.get_attribute("download")].decode("utf-8"))
        assert ElementTree.canonicalize(ElementTree.tostring(saved)) == ElementTree.canonicalize(
            ElementTree.tostring(wanted)
        )
