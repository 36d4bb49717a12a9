"""Results that mean harm, in a real browser: nothing of theirs runs, and the page works all the same."""

import pytest

pytest.importorskip("playwright", reason="Playwright, which drives a browser, is in the environment `browser`")

from hostile_results import HEBREW, NAME, hostile
from sample_results import write

from convspec.reports import write_report


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("hostile")
    return write_report(write(folder / "results.jsonl", hostile()), folder).as_uri()


def test_nothing_runs_and_nothing_is_asked_for(address: str, opened) -> None:
    dialogs = []
    opened.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    opened.page.goto(address, wait_until="load")
    opened.page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    opened.page.wait_for_timeout(300)
    assert dialogs == opened.outside == opened.said == []
    assert opened.page.locator("h1").count() == 1
    assert "conforms:" not in opened.page.locator("h1").inner_text()


@pytest.mark.parametrize("name", [NAME, HEBREW])
def test_an_adapter_can_be_chosen_whatever_it_is_called(name: str, address: str, opened) -> None:
    page = opened.page
    page.goto(address, wait_until="load")
    page.locator("select[name=adapter]").select_option(name)
    assert page.locator(".sheet:visible").count() == 1
    assert name in page.locator(".sheet:visible h3").inner_text()
    link = page.url
    page.goto("about:blank")
    page.goto(link, wait_until="load")
    assert page.locator("select[name=adapter]").input_value() == name
    assert page.locator(".sheet:visible").count() == 1
    assert opened.said == []


def test_the_address_of_a_hostile_name_lands(address: str, opened) -> None:
    page = opened.page
    page.goto(address, wait_until="load")
    page.locator(".verdicts a").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector(':target').className") == "sheet"
