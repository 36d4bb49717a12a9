"""Results that mean harm are shown as what they are: texts."""

import re

import pytest
from hostile_results import ARABIC, HEBREW, NAME, hostile
from page_reader import check_addresses
from sample_results import write

from convspec.reporting import remake, show_difference


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("hostile")
    lines = hostile()
    results = write(folder / "results.jsonl", lines)
    better = [{**line, "outcome": "passed"} if line.get("outcome") == "failed" else line for line in lines]
    show_difference(write(folder / "old.jsonl", better), results, folder)
    remake([results], folder)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", ["index.html", "diff.html"])
def test_markup_is_text(name: str, pages: dict[str, str]) -> None:
    page = check_addresses(pages[name], joint=" ")
    assert page.active == []
    assert page.tags.count("script") == page.tags.count("h1") == 1
    assert {"img", "iframe", "object", "embed", "base"}.isdisjoint(page.tags)
    assert all(link.startswith(("#", "https://", "http://")) or link.endswith(".html") for link in page.links)
    assert "<script>alert(1)</script>" in page.text
    assert "</bdi></pre><h1>conforms</h1>" in page.text
    assert "{{ 7*7 }} ${7*7}" in page.text
    assert len(pages[name].encode("utf-8")) < 1_000_000


@pytest.mark.parametrize("name", ["index.html", "diff.html", "diff.md", "summary.md", "badge.svg"])
def test_nothing_reorders_a_line_or_speaks_to_a_terminal(name: str, pages: dict[str, str]) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", pages[name])
    # What Markdown sets as code is shown as it is.
    shown = re.sub(r"(`+) .*? \1", "", pages[name]) if name.endswith(".md") else pages[name]
    assert "<script>alert" not in shown


def test_right_to_left_text_stays_within_its_place(pages: dict[str, str]) -> None:
    html = pages["index.html"]
    for word in (HEBREW, ARABIC):
        assert word in html
        # In text it stands in an element that isolates its direction; else only in attributes, options and titles.
        for found in re.finditer(re.escape(word), html):
            before = html[: found.start()]
            inside = before[before.rindex("<") :]
            assert inside.startswith(("<bdi", "<option", "<pre", "<title", "<desc")) or ">" not in inside, inside[:80]


def test_numbers_that_are_none_are_shown(pages: dict[str, str]) -> None:
    html = pages["index.html"]
    card = html[html.index('id="case-0dd0000000"') :]
    card = card[: card.index("</article>")]
    drawn = set(re.findall(r">([^<>]+)<title>|>([^<>]+)</text>", card))
    texts = {first or second for first, second in drawn}
    assert {"nan", "inf", "−inf"} <= texts
    assert "nan" in card[card.index('<pre class="snippet"') :]


def test_a_dtype_that_is_none_cannot_be_chosen(pages: dict[str, str]) -> None:
    html = pages["index.html"]
    choice = html[html.index('<select name="dtype">') :]
    options = re.findall(r"<option>([^<]*)</option>", choice[: choice.index("</select>")])
    assert options == ["float64"]


def test_the_citation_holds_the_names_as_text(pages: dict[str, str]) -> None:
    cite = pages["index.html"][pages["index.html"].index('<section id="cite"') :]
    assert "&lt;script&gt;" in cite
    assert NAME not in cite
