"""The frame of all pages: navigation between the pages of a folder, citing, and pictures that can be read."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from convspec.reports import pages_in, read_results
from convspec.reports.page import PAGES, Identity, cited
from convspec.reports.svg import Part, beside, grid_part, in_a_row, stacked
from convspec.reports.svg_pictures import (
    BLACK,
    DEEP,
    PALE,
    WHITE,
    grey_cells,
    heat_cells,
    ink_on,
    luminance,
    mixed,
)
from convspec.reports.verdict import verdict_page

Line = dict[str, Any]


def test_the_pages_of_a_folder_are_those_that_are_there_or_come(tmp_path: Path) -> None:
    assert pages_in(tmp_path / "nowhere") == []
    (tmp_path / "proof.html").write_text("", encoding="utf-8")
    (tmp_path / "other.html").write_text("", encoding="utf-8")
    assert pages_in(tmp_path, "index.html") == [("index.html", "Verdict"), ("proof.html", "Proof")]
    assert pages_in(tmp_path, *(name for name, _ in PAGES)) == list(PAGES)


def test_the_verdict_leads_to_the_pages_beside_it(
    sample_lines: list[Line], write_lines: Callable[[list[Line]], Path]
) -> None:
    results = read_results(write_lines(sample_lines))
    html = verdict_page(results, [("index.html", "Verdict"), ("lesson.html", "Lesson")]).decode("utf-8")
    assert '<b aria-current="page"><bdi>Verdict</bdi></b>' in html
    assert '<a href="lesson.html"><bdi>Lesson</bdi></a>' in html
    assert 'aria-label="Pages"' not in verdict_page(results, [("index.html", "Verdict")]).decode("utf-8")
    assert ">Skip to the content</a>" in html


def test_a_page_without_results_can_be_cited() -> None:
    cite = cited(Identity("convspec", "0.1.0", "2026-11-22"), "A lesson & more")
    assert cite.plain.unescape() == (
        "The convspec contributors (2026). A lesson & more [convspec 0.1.0, 2026-11-22]."
    )
    assert "SHA-256" not in cite.bibtex + cite.csl
    item = json.loads(unescape(str(cite.csl)))[0]
    assert item["issued"] == {"date-parts": [[2026, 11, 22]]}
    key = re.findall(r"@software{([^,]+),", cite.bibtex)[0]
    assert key == item["id"]
    assert r"title   = {{A lesson \& more}}" in unescape(str(cite.bibtex))


def test_a_page_of_results_is_cited_with_their_hash() -> None:
    cite = cited(Identity("convspec", "0.1.0", "2026-11-22"), "Verdict", of="torch 2", sha256="ab" * 32)
    assert "run of 2026-11-22: torch 2; results SHA-256 abababababab…" in cite.plain
    assert "ab" * 32 in cite.bibtex


@pytest.mark.parametrize("ends", [(BLACK, WHITE), (PALE, DEEP)])
def test_numbers_can_be_read_on_every_shade(ends: tuple[tuple[int, int, int], tuple[int, int, int]]) -> None:
    for step in range(256):
        colour = mixed(*ends, step / 255)
        ink = {"#000": 0.0, "#fff": 1.0}[ink_on(colour)]
        light, dark = sorted((luminance(colour), ink), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_shades_are_in_order_on_grey_paper_too() -> None:
    for cells, rising in ((grey_cells, True), (heat_cells, False)):
        row = cells([[0, 1, 2, 3]], 0, 3)[0]
        levels = [
            luminance((int(cell.fill[1:3], 16), int(cell.fill[3:5], 16), int(cell.fill[5:], 16)))
            for cell in row
        ]
        assert levels == sorted(levels, reverse=not rising)
        assert len(set(levels)) == 4
    assert grey_cells([[7, 7]], 7, 7)[0][0].fill == "#000000"


def test_parts_stand_beside_and_below_each_other() -> None:
    small = grid_part(grey_cells([[1]], 0, 1), word="a word that is wider")
    large = grid_part(grey_cells([[1]] * 3, 0, 1))
    row = in_a_row([small, "⊙", large])
    assert row.height == 20 + large.height
    assert row.width > small.width + 30 + large.width
    assert row.body.count("<g ") == 2
    assert ">⊙</text>" in row.body
    pile = stacked([row, Part(5, 10, "")], 4)
    assert (pile.width, pile.height) == (row.width, row.height + 14)
    assert "<title>both &amp; one</title>" in beside([small, large], "both & one", "")
