"""The verdict page: addresses, completeness, safety, size, and the same bytes each time."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reader import Reader, check_addresses

from convspec.reports import read_results, write_report, write_verdict_page
from convspec.reports.verdict import verdict_page
from convspec.reports.words import OUTCOMES

Line = dict[str, Any]
Write = Callable[[list[Line]], Path]


def page_of(lines: list[Line], write_lines: Write) -> str:
    return verdict_page(read_results(write_lines(lines))).decode("utf-8")


@pytest.fixture
def html(sample_lines: list[Line], write_lines: Write) -> str:
    return page_of(sample_lines, write_lines)


def test_addresses_are_unique_and_every_link_lands(html: str) -> None:
    check_addresses(html)


@pytest.mark.parametrize(
    "address",
    [
        "PAD-04",
        "scipy-PAD-04",
        "torch-PAD-04",
        "faulty-DEF-02",
        "case-3f9a1c2b77",
        "adapter-torch",
        "PAD-10",
        "verdict",
        "failures",
        "matrix",
        "requirements",
        "planned",
        "adapters",
        "run",
        "cite",
    ],
)
def test_addresses_come_from_names(address: str, html: str) -> None:
    assert address in Reader(html, joint=" ").ids


def test_every_cell_of_the_matrix_leads_to_its_evidence(html: str, sample_lines: list[Line]) -> None:
    matrix = html[
        html.index('<table class="matrix') : html.index("</table>", html.index('<table class="matrix'))
    ]
    links = set(re.findall(r'<td class="[a-z]+"><a href="#([^"]+)"', matrix))
    wanted = {
        f"{line['adapter']}-{line['requirement']}"
        for line in sample_lines
        if line["type"] == "verdict" and line["outcome"] != "planned"
    }
    assert links == wanted


def test_nothing_is_loaded_from_anywhere(html: str) -> None:
    page = Reader(html, joint=" ")
    assert page.active == []
    assert not re.search(r"@import|url\((?!data:)", html)
    assert "default-src 'none'" in html
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 2


def test_all_outcomes_are_in_the_totals(html: str) -> None:
    for word, shown in OUTCOMES.items():
        assert html.count(f"</b> {word}</li>") == 3, word
        assert shown.symbol in html


def test_the_first_screen_answers_for_each_adapter(html: str) -> None:
    text = Reader(html, joint=" ").text
    assert "faulty does not conform; scipy conforms; torch is not installed." in text
    assert "faulty does not conform; 9 of 80 requirements are not met: DEF-02 (failed)" in text
    assert "scipy conforms: all 80 requirements that it was held to are met; 1 not claimed." in text
    assert "torch was not verified: PyTorch is not installed" in text
    assert text.index("faulty does not conform; 9") < text.index("scipy conforms: all")


def test_a_counterexample_is_drawn(html: str) -> None:
    card = html[html.index('id="case-3f9a1c2b77"') :]
    card = card[: card.index("</article>")]
    text = Reader(card[card.index("<p") : card.rindex("</div>")], joint=" ").text
    assert card.count('<rect class="win"') == 6 + 1
    assert card.count('<rect class="pad"') == 4 * 6 - 9
    assert card.count('<rect class="bad"') == 1
    assert "0·1 + 0·0 + 0·(−1) + 0·2 + 1·0 + 2·0 = 0" in text
    assert "convspec repro" in text
    assert "stride (1, 2)" in text
    assert "padding ((1, 0), (1, 2))" in text


def test_the_snippet_runs_and_is_short(html: str) -> None:
    found = re.findall(r'<pre class="snippet"[^>]*><bdi>(.*?)</bdi></pre>', html, flags=re.DOTALL)
    assert len(found) == 4
    for text in found:
        lines = text.replace("&#39;", "'").splitlines()
        assert len(lines) <= 8
        arrays = [line for line in lines if "np." in line or line.startswith("import numpy")]
        scope: dict[str, Any] = {}
        exec("\n".join(arrays), scope)
        assert scope["x"].ndim == 4
        assert scope["w"].ndim == 4


def test_close_numbers_are_told_apart(html: str) -> None:
    card = html[
        html.index('id="case-beef00cafe"') : html.index("</article>", html.index('id="case-beef00cafe"'))
    ]
    drawn = re.findall(r">(−?[\d.e]+)<title>", card)
    assert "7500000.77" in drawn
    assert "7500000.770001" in drawn
    assert "missed by" in card
    assert "227 times the bound" in card


def test_formulas_are_mathml(html: str) -> None:
    assert html.count("<math") >= 60
    assert "\\frac" not in html


def test_an_incomplete_file_says_so_first(sample_lines: list[Line], write_lines: Write) -> None:
    html = page_of(sample_lines[:-40], write_lines)
    check_addresses(html)
    assert html.index("INCOMPLETE") < html.index("<h1>")
    assert "was not finished" in html
    assert "conforms:" not in Reader(html, joint=" ").text


def test_only_a_header_gives_a_page(sample_lines: list[Line], write_lines: Write) -> None:
    check_addresses(page_of(sample_lines[:1], write_lines))


def test_the_same_file_gives_the_same_bytes(
    sample_lines: list[Line], write_lines: Write, tmp_path: Path
) -> None:
    path = write_lines(sample_lines)
    first = write_verdict_page(path, tmp_path / "one" / "index.html").read_bytes()
    moved = tmp_path / "elsewhere.jsonl"
    moved.write_bytes(path.read_bytes())
    assert write_verdict_page(moved, tmp_path / "two" / "index.html").read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_the_page_of_three_adapters_is_small(html: str) -> None:
    assert len(html.encode("utf-8")) < 500_000


@pytest.mark.parametrize("number", [2, 24, 150])
def test_a_folder_of_homework_is_one_page(
    number: int, make_homework: Callable[[int], list[Line]], write_lines: Write
) -> None:
    html = page_of(make_homework(number), write_lines)
    page = check_addresses(html)
    assert len(html.encode("utf-8")) < 1_000_000
    for i in range(number):
        assert f"homework/student{i:02d}.py:conv" in page.text
    wrong = sum(i % 3 == 1 for i in range(number))
    assert page.text.count("2 of 52 requirements are not met") == 2 * wrong


def test_a_plane_adapter_is_described_in_words(
    make_homework: Callable[[int], list[Line]], write_lines: Write
) -> None:
    text = Reader(page_of(make_homework(1), write_lines), joint=" ").text
    assert "It gets right: the definition, the output’s shape, padding, stride" in text
    assert "It does not claim dilation and groups" in text
    assert "its signature has no parameter of that name" in text
    assert "A kernel that does not fit: It returns an empty array of shape (0, 0)" in text


HOSTILE = "<script>alert(1)</script>\u202e\"'>&<img src=x onerror=alert(1)>\x1b[31m\u0000{{ 7*7 }}"


def poison(value: Any) -> Any:
    """Put hostile text wherever a stranger's text may stand."""
    if isinstance(value, dict):
        return {
            key: item
            if key in ("type", "outcome", "level", "status", "dtype", "id", "adapter", "requirement")
            else poison(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [poison(item) for item in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_hostile_text_is_shown_harmlessly(sample_lines: list[Line], write_lines: Write) -> None:
    lines = []
    for line in sample_lines[:-1]:
        numbers = json.loads(json.dumps(line.get("counterexample")))
        line = poison(line)
        if numbers:
            for key in ("x", "w", "bias", "expected", "got"):
                line["counterexample"][key] = numbers[key]
        for key in ("adapter", "id"):
            if line["type"] in ("adapter", "verdict") and key in line:
                line[key] = line[key] + HOSTILE
        lines.append(line)
    html = page_of(lines, write_lines)
    page = check_addresses(html)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert page.active == []
    assert "<script>alert(1)" in page.text
    assert "\\u202e" in page.text
    assert "\u202e" not in html
    assert "\\x1b[31m" in page.text
    assert "\x1b" not in html
    assert "\x00" not in html
    assert "{{ 7*7 }}" in page.text
    assert len(html.encode("utf-8")) < 500_000


def test_no_link_runs_anything(sample_lines: list[Line], write_lines: Write) -> None:
    faulty = next(line for line in sample_lines if line["type"] == "adapter" and line["id"] == "faulty")
    faulty["deviations"][0]["link"] = "javascript:alert(1)"
    page = Reader(page_of(sample_lines, write_lines), joint=" ")
    assert all(link.startswith(("#", "https://", "http://")) for link in page.links)
    assert "javascript:alert(1)" in page.text


def test_ten_thousand_counterexamples_stay_under_a_megabyte(
    sample_lines: list[Line], write_lines: Write
) -> None:
    failed = next(line for line in sample_lines if line.get("counterexample"))
    requirements = [
        line for line in sample_lines if line["type"] == "requirement" and line["status"] == "core"
    ]
    names = [f"adapter {i}" for i in range(125)]
    described = next(line for line in sample_lines if line["type"] == "adapter")
    lines = [
        sample_lines[0] | {"targets": names},
        *requirements,
        *(described | {"id": name} for name in names),
    ]
    lines += [
        failed | {"adapter": name, "requirement": requirement["id"], "reason": "x" * 5000}
        for name in names
        for requirement in requirements[:80]
    ]
    html = page_of(lines, write_lines)
    check_addresses(html)
    assert len(html.encode("utf-8")) < 1_000_000
    assert "in the results file" in html


def test_very_long_everything_stays_under_a_megabyte(sample_lines: list[Line], write_lines: Write) -> None:
    long = "very long " * 2_000
    names = [f"{i} {long}" for i in range(5)]
    described = next(line for line in sample_lines if line["type"] == "adapter")
    lines = [sample_lines[0]]
    lines += [
        line | {"statement": long, "title": long, "check": long, "sources": [long] * 50}
        for line in sample_lines
        if line["type"] == "requirement"
    ]
    lines += [
        described
        | {
            "id": name,
            "reason": long,
            "native": [long] * 50,
            "not_claimed": [{"feature": long, "reason": long}] * 50,
        }
        for name in names
    ]
    html = page_of(lines, write_lines)
    check_addresses(html)
    assert len(html.encode("utf-8")) < 1_000_000


def test_what_a_report_consists_of(sample_lines: list[Line], write_lines: Write, tmp_path: Path) -> None:
    out = write_report(write_lines(sample_lines), tmp_path / "out")
    assert out == tmp_path / "out" / "index.html"
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "badge.svg", "index.html", "lesson.html", "summary.md"]
