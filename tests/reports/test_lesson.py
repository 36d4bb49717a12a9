"""The lesson: its numbers, its addresses, its requirements, its safety, and its script held against the reference."""

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from page_reader import Reader

from convspec.reference import conv2d
from convspec.reports import lesson_code, pages_in, write_lesson_page
from convspec.reports.figures import offered, standalone
from convspec.reports.lesson import lesson_page
from convspec.reports.lesson_example import EDGE, PICTURE, left_over, visits, walk
from convspec.reports.lesson_formulas import FORMULAS, shown

ROOT = Path(__file__).resolve().parents[2]
PAGES = [("index.html", "Verdict"), ("lesson.html", "Lesson"), ("proof.html", "Proof")]
# An address, once published, stays.
PUBLISHED = """
    lesson inputs weights one-step double-loop output-shape result padding stride complete-code shape-explorer
    questions leftover-rows why-floor cross-correlation channels batch bias dilation groups same-padding moving
    sources cite table-outputs table-shapes table-floor fig-inputs fig-weights fig-one-step fig-positions
    fig-output-shape fig-result fig-visits fig-padded fig-stride fig-stride-and-padding fig-left-over fig-flip
    fig-channels fig-batch fig-bias fig-dilation fig-groups fig-same fig-no-padding fig-arbitrary-padding
    fig-half-padding fig-full-padding fig-stride-without-padding fig-stride-with-padding fig-stride-left-over
    fig-dilated-kernel
"""
ADDRESSES = PUBLISHED.split()


@pytest.fixture(scope="module")
def html() -> str:
    return lesson_page("0.1.0", "2026-11-22", PAGES).decode("utf-8")


def figure_of(html: str, anchor: str) -> str:
    start = html.index(f'id="{anchor}"')
    return html[start : html.index("</figure>", start)]


def drawing_of(html: str, anchor: str) -> ElementTree.Element:
    figure = figure_of(html, anchor)
    return ElementTree.fromstring(figure[figure.index("<svg") : figure.index("</svg>") + 6])


def downloads(html: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of each file that the page offers."""
    for name, content in offered(html):
        if name.endswith(f".{kind}"):
            yield name, content.decode("utf-8")


def table_of(html: str, anchor: str) -> list[list[str]]:
    files = dict(downloads(figure_of(html, anchor), "csv"))
    return list(csv.reader(io.StringIO(files[f"convspec-{anchor.removeprefix('fig-')}.csv"])))


def grid_of(html: str, anchor: str) -> list[list[int]]:
    return [[int(value) for value in row[1:]] for row in table_of(html, anchor)[1:]]


def test_every_address_is_there_once_and_every_link_lands(html: str) -> None:
    page = Reader(html, joint=" ")
    assert set(ADDRESSES) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    for section in re.findall(r'<section id="([^"]+)" aria-labelledby="([^"]+)"', html):
        assert section[1] == f"{section[0]}-title"
        assert section[1] in page.ids


def test_nothing_is_loaded_and_nothing_runs_but_the_one_script(html: str) -> None:
    page = Reader(html, joint=" ")
    assert page.active == []
    assert page.tags.count("script") == 1
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert not re.search(r"@import|url\((?!data:)", html)
    assert all(re.match(r"#|https://|data:image/svg|data:text/csv|\w+\.html(#|$)", link) for link in page.links)


def test_the_page_is_small(html: str) -> None:
    assert len(html.encode("utf-8")) < 500_000


def test_every_requirement_that_is_named_is_in_the_catalogue(html: str) -> None:
    catalogue = tomllib.loads((ROOT / "conformance" / "catalogue.toml").read_text(encoding="utf-8"))
    known = {requirement["id"] for requirement in catalogue["requirement"]}
    named = set(re.findall(r'href="index\.html#([^"]+)"', html))
    assert len(named) > 30
    assert named <= known
    for line in re.findall(r'<p class="checks">(.*?)</p>', html):
        assert "index.html#" in line


def test_requirements_are_no_links_where_there_is_no_verdict() -> None:
    alone = lesson_page("0.1.0", "2026-11-22").decode("utf-8")
    assert "index.html" not in alone
    assert 'aria-label="Pages"' not in alone
    assert '<span class="id">PAD-01</span>' in alone


def test_the_same_in_gives_the_same_bytes(html: str, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "lesson.html"
    write_lesson_page(out, version="0.1.0", date="2026-11-22", pages=PAGES)
    assert out.read_bytes().decode("utf-8") == html
    assert pages_in(out.parent, "proof.html") == [("lesson.html", "Lesson"), ("proof.html", "Proof")]


def test_the_worked_example_comes_out(html: str) -> None:
    assert grid_of(html, "fig-inputs") == [[10, 10, 10, 0, 0, 0, 0]] * 8
    assert grid_of(html, "fig-weights") == [[1, 0, -1]] * 3
    assert grid_of(html, "fig-result") == [[0, 30, 30, 0, 0]] * 6
    middle, border = [-30, 0, 30, 30, 0, 0, 0], [-20, 0, 20, 20, 0, 0, 0]
    assert grid_of(html, "fig-padded") == [border, *[middle] * 6, border]
    text = Reader(html, joint=" ").text
    assert "6 positions down, 5 across, 30 numbers in all" in text
    assert "here 3×3" in text
    assert "With one layer of zeros it is 4×4" in text
    assert "8×7 picture gives an output of 8×7" in text
    assert "with 99 in all of it the output is the same" in text


@pytest.mark.parametrize(
    ("anchor", "arguments"),
    [
        ("fig-positions", {}),
        ("fig-stride", {"stride": 2}),
        ("fig-stride-and-padding", {"stride": 2, "padding": 1}),
    ],
)
def test_a_stepper_has_every_position_in_every_form(html: str, anchor: str, arguments: dict[str, int]) -> None:
    y = conv2d(PICTURE, EDGE, **arguments)
    wanted = [(i, j, int(y[i, j])) for i in range(y.shape[0]) for j in range(y.shape[1])]
    rows = table_of(html, anchor)
    assert [(int(row[0]), int(row[1]), int(row[-1])) for row in rows[1:]] == wanted
    for row in rows[1:]:
        slices, products = [int(v) for v in row[2:11]], [int(v) for v in row[11:20]]
        assert products == [s * w for s, w in zip(slices, EDGE.ravel().tolist(), strict=True)]
        assert sum(products) == int(row[-1])
    start = html.rindex('<div class="stepper"', 0, html.index(f'id="{anchor}"'))
    box = html[start : html.index("</ol>", start)]
    data = json.loads(unescape(re.findall(r'data-steps="([^"]*)"', box)[0]))
    assert [(step[0], step[1], step[4]) for step in data] == wanted
    assert [[str(v) for v in (*step[:2], *step[2], *step[3], step[4])] for step in data] == rows[1:]
    printed = re.findall(r"<li><span>row (\d+), column (\d+)</span><pre>(.*?)</pre></li>", box, flags=re.DOTALL)
    sums = [int(re.findall(r"→ (−?\d+)", text)[0].replace("−", "-")) for _, _, text in printed]
    assert [(int(i), int(j), value) for (i, j, _), value in zip(printed, sums, strict=True)] == wanted


def test_steps_of_a_dilated_kernel_read_every_other_sample() -> None:
    x = np.arange(25).reshape(5, 5)
    walked = walk(x, np.ones((2, 2), dtype=int), dilation=3, stride=1)
    assert walked.steps[1].slice == [[1, 4], [16, 19]]
    assert walked.steps[1].sum == 40


def test_axes_come_with_what_the_reference_says_of_them(html: str) -> None:
    assert [row[1:] for row in table_of(html, "fig-left-over")[1:]] == [
        ["8", "3", "0", "0", "2", "1", "3", "1"],
        ["7", "3", "0", "0", "2", "1", "3", "0"],
    ]
    assert [row[-2] for row in table_of(html, "fig-dilation")[1:]] == ["5", "3", "1"]
    assert [row[3:5] for row in table_of(html, "fig-same")[1:]] == [["1", "1"], ["1", "2"], ["2", "1"]]


def test_visits_are_counted() -> None:
    counts = visits((8, 7), (3, 3))
    assert (counts[0, 0], counts[0, 3], counts[4, 3]) == (1, 3, 9)
    assert visits((8, 7), (3, 3), padding=1)[0, 0] == 4


@pytest.mark.parametrize(("size", "kernel", "stride", "pad"), [(8, 3, 2, 0), (7, 3, 2, 0), (3, 2, 5, 0), (6, 3, 4, 1)])
def test_leftovers_are_what_the_formula_says(size: int, kernel: int, stride: int, pad: int) -> None:
    assert left_over(size, kernel, stride=stride, pad=pad) == (size + 2 * pad - kernel) % stride


def test_the_programs_of_the_page_are_right(html: str, capsys: pytest.CaptureFixture[str]) -> None:
    scope: dict[str, Any] = {}
    exec(lesson_code.COMPLETE, scope)
    assert "30." in capsys.readouterr().out
    for padding in range(3):
        for stride in range(1, 4):
            got = scope["convolve"](PICTURE, EDGE, padding=padding, stride=stride)
            np.testing.assert_array_equal(got, conv2d(PICTURE, EDGE, padding=padding, stride=stride))
    exec(lesson_code.DOUBLE_LOOP, scope)
    np.testing.assert_array_equal(scope["feature"], conv2d(PICTURE, EDGE))
    exec(lesson_code.ONE_STEP, scope)
    assert scope["number"] == conv2d(PICTURE, EDGE)[0, 0]
    page = unescape(html)
    for program in (lesson_code.COMPLETE, lesson_code.DOUBLE_LOOP, lesson_code.ONE_STEP):
        assert program.strip() in page


def test_every_figure_has_its_words_and_its_two_files(html: str) -> None:
    figures = re.findall(r'<figure class="drawn" id="(fig-[^"]+)">', html)
    assert len(figures) == len(set(figures)) == 26
    pictures, tables = dict(downloads(html, "svg")), dict(downloads(html, "csv"))
    for anchor in figures:
        name = f"convspec-{anchor.removeprefix('fig-')}"
        inside = drawing_of(html, anchor)
        assert inside.attrib["role"] == "img"
        assert inside.findtext("title")
        assert inside.findtext("desc")
        outside = ElementTree.fromstring(pictures[f"{name}.svg"])
        assert outside.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(--" not in re.sub(r"var\(--(time|steps|way)\)", "", pictures[f"{name}.svg"])
        rows = list(csv.reader(io.StringIO(tables[f"{name}.csv"])))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_saved_figure_has_the_styles_that_it_needs_and_no_others() -> None:
    alone = standalone('<svg class="fig bars"><rect class="bar"/></svg>')
    assert ".bars text{" in alone
    assert ".bar{fill:#1a5a94" in alone
    assert "rect.win" not in alone
    assert "@keyframes" not in alone
    moving = standalone('<svg class="fig moving"><g class="down"><g class="across"/></g></svg>')
    assert moving.count("@keyframes") == 2
    assert "prefers-reduced-motion:no-preference" in moving


def test_the_moving_figures_visit_every_position(html: str) -> None:
    for anchor in ADDRESSES[ADDRESSES.index("fig-no-padding") :]:
        drawn = drawing_of(html, anchor)
        groups = [group for group in drawn.iter("g") if group.get("class") in ("down", "across")]
        steps = [int(re.findall(r"--steps:(\d+)", group.attrib["style"])[0]) for group in groups]
        ways = [int(re.findall(r"--way:(\d+)px", group.attrib["style"])[0]) for group in groups]
        times = [float(re.findall(r"--time:([\d.]+)s", group.attrib["style"])[0]) for group in groups]
        rows = [row for row in table_of(html, anchor) if row[0] == "output"]
        assert steps[0] * steps[1] == steps[2] * steps[3] == len(rows)
        assert times[0] == pytest.approx(times[1] * steps[0])
        assert times[:2] == times[2:]
        # The window moves by the stride, the frame on the output by one cell.
        stride = 2 if "stride" in anchor else 1
        assert [way / count for way, count in zip(ways[:2], steps[:2], strict=True)] == [24 * stride] * 2
        assert [way / count for way, count in zip(ways[2:], steps[2:], strict=True)] == [24] * 2


def test_numbers_are_put_into_formulas() -> None:
    text = re.sub(r"<[^>]+>", "", unescape(str(shown("shape numbers", size=8, kernel=3, positions=6))))
    assert text == "o=8−3+1=6"
    with pytest.raises(KeyError):
        shown("shape numbers", size=8, kernel=3)
    assert all("90" not in re.sub(r"<[^>]+>", "", str(shown(name, **dict.fromkeys(
        ("before", "size", "after", "reach", "stride", "positions", "dilation", "kernel", "pad", "padded", "left"), 1
    )))) for name in FORMULAS)  # fmt: skip


def test_the_refusals_of_the_page_are_those_of_the_reference(html: str) -> None:
    with pytest.raises(ValueError, match="kernel") as refused:
        conv2d(np.ones((2, 2), dtype=int), EDGE)
    assert f"ValueError: {refused.value}" in Reader(html, joint=" ").text
    for words in ("stride must be at least 1, got 0", "kernel reaches over 4 samples, padded input has only 3"):
        assert f"ValueError: {words}" in Reader(html, joint=" ").text
