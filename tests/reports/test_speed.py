"""The speed page: what it says, its addresses, its figures, its safety, and the same bytes."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from page_reader import Reader, check_page, heading

from convspec.reports import write_speed_page
from convspec.reports.figures import standalone
from convspec.reports.speed import drawn, speed_page
from convspec.reports.speed_figures import Axis, Mark, Scale, Series, chart, rows
from convspec.reports.speed_file import read_speed

Document = dict[str, Any]
SAMPLE = Path(__file__).with_name("speed-sample.json")
HOSTILE = '</title><script>alert(1)</script><img src=x onerror=alert(2)>" onload="x\u202e\x07{{ 7*7 }}'
# An address, once published, stays.
PUBLISHED = """
    speed goals ratios roofline growth memory profile suite repeat run cite goal-mean goal-each goal-scipy goal-share
    ratios-1 ratios-2 fig-ratios fig-roofline-1 fig-roofline-2 fig-growth-size fig-growth-channels fig-growth-kernel
    fig-growth-batch fig-memory fig-suite
"""


def sample() -> Document:
    """Three workloads on one and two threads, with numbers that are easy to follow; every member is there."""
    document: Document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return document


def write(folder: Path, document: Any) -> Path:
    path = folder / "speed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def page_of(folder: Path, document: Document) -> str:
    return speed_page(read_speed(write(folder, document))).decode("utf-8")


def checked(html: str) -> Reader:
    return check_page(html, ("https://", "data:image/svg+xml", "data:text/csv"))


def section(html: str, address: str) -> str:
    start = html.index(f'<section id="{address}"')
    return Reader(html[start : html.index("</section>", start) + len("</section>")]).text


def test_the_first_sentence_answers(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    checked(html)
    assert heading(html) == (
        "The vectorised variant takes 0.60 of PyTorch’s time on 1 thread, in the geometric mean over 2 workloads; "
        "the goal of 0.7 is met."
    )
    assert "Measured on A Processor, 2 cores, on 2026-11-22." in section(html, "speed")
    assert not {"QUICK.", "BUSY.", "A PART ONLY."} & set(section(html, "speed").split())


def test_the_goals_are_held_against_the_figures(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = section(html, "goals")
    assert re.search(r"✓ met\W*geometric mean of the ratios to PyTorch at most 0\.7\W*0\.60", text)
    assert re.search(r"✗ not met\W*no counted workload above 1\.1 of PyTorch’s time\W*resnet-64 1\.20", text)
    assert re.search(r"✓ met\W*at least 10 times faster than SciPy’s .* layers\W*least: resnet-64, 100 times", text)
    assert re.search(r"✗ not met\W*at least 80 % of the matrix-product rate .*resnet-64 75 %", text)
    assert "Short of a goal: resnet-64. On average 80 % of their time is spent inside matrix products; the rest goes " \
        "into _wide 20 %." in text


def test_the_best_that_could_be_is_told_beside_the_mean(tmp_path: Path) -> None:
    text = section(page_of(tmp_path, sample()), "goals")
    # Of 1.20 and 0.30, the layer's at 75 % of the rate: the root of 0.9 times 0.3.
    assert "0.60; 0.52 if every layer ran at the machine’s matrix-product rate" in text


def test_threads_that_slow_each_other_down_are_named(tmp_path: Path) -> None:
    document = sample()
    few, many = document["runs"]
    assert "wait for each other here" not in section(page_of(tmp_path, document), "ratios")
    for row in many["results"]:
        fewer = next(
            one for one in few["results"] if all(one[key] == row[key] for key in ("workload", "implementation"))
        )
        row["seconds"] = fewer["seconds"] * (2 if row["implementation"] == "torch" else 0.6)
    text = section(page_of(tmp_path, document), "ratios")
    assert "PyTorch takes longer than on 1 thread in 3 of 3 workloads: threads wait for each other here" in text


def test_reached_goals_and_missing_figures_are_told_apart(tmp_path: Path) -> None:
    document = sample()
    for run in document["runs"]:
        run["results"] = [row for row in run["results"] if row["workload"] == "picture-3"]
        run["geometric_mean"] = {}
    html = page_of(tmp_path, document)
    assert heading(html) == "The vectorised variant was not compared with PyTorch over all workloads."
    text = section(html, "goals")
    assert text.count("– not measured") == 3
    assert "worst: picture-3 0.30" in text
    assert "profile" not in checked(html).ids


def test_without_a_shortfall_nothing_is_blamed(tmp_path: Path) -> None:
    document = sample()
    for run in document["runs"]:
        run["results"][0].update(ratio=0.8, ratio_low=0.7, ratio_high=0.9, share_of_matmul=0.9)
    text = section(page_of(tmp_path, document), "goals")
    assert "No counted workload falls short of a goal of its own." in text
    assert text.count("✓ met") == 4


def test_the_rest_is_told_from_the_profile(tmp_path: Path) -> None:
    text = section(page_of(tmp_path, sample()), "profile")
    assert "✗ 1.20 of PyTorch’s time and 75 % of the matrix-product rate" in text
    # 75 % of the rate in 80 % of the time are 94 % while the products run.
    assert "80 % matrix products and 20 % _wide; within the products, 94 % of the matrix-product rate" in text
    assert "_wide Unfold the rows." in text


def test_every_address_and_figure_is_there(tmp_path: Path) -> None:
    page = checked(page_of(tmp_path, sample()))
    assert set(PUBLISHED.split()) <= set(page.ids)


def test_the_tables_hold_the_numbers(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = section(html, "ratios")
    assert "1 resnet-64 about resnet-64 1.20 ✗ 75 % 2.50 ms 120 2 picture-3 about picture-3 0.30 40 % 3.30 ms –" in text
    assert "geometric mean 0.60" in text
    assert "(depthwise)" in text
    assert "scipy.correlate2d has no groups: depthwise" in text
    assert "3.00 MiB" in section(html, "memory")
    assert "scipy conforms 900 1000 9.00 s 100" in section(html, "suite")
    assert "oracle 15.0 s: the expected answers" in section(html, "suite")


def test_the_run_is_named_and_can_be_repeated(tmp_path: Path) -> None:
    html = page_of(tmp_path, sample())
    text = section(html, "run")
    for words in ("processor A Processor", "L1 32K, L2 1024K", "numpy 2.4.6", "torch 2.13.0", "jax not installed",
                  "BLAS openblas 0.3", "Python 3.11.7", read_speed(tmp_path / "speed.json").sha256):
        assert words in text, words
    assert "tox run -e bench" in section(html, "repeat")
    assert "Speed of 2-D convolutions [convspec 0.1.0, run of 2026-11-22: A Processor" in section(html, "cite")


def test_figures_and_numbers_can_be_taken_away(tmp_path: Path) -> None:
    page = checked(page_of(tmp_path, sample()))
    speed = read_speed(tmp_path / "speed.json")
    figures = drawn(speed)
    for figure in figures:
        ElementTree.fromstring(standalone(figure.svg))
        assert len({len(row) for row in figure.table}) == 1, figure.anchor
    tables = [list(csv.reader(io.StringIO(unquote(link.partition(",")[2])))) for link in page.links
              if link.startswith("data:text/csv")]
    assert len(tables) == len(figures) + len(speed.runs)
    every = next(figure for figure in figures if figure.anchor == "fig-ratios").table
    assert ["resnet-64", "vectorized", 2, 9, 0.003, 1.2] in [list(row[:6]) for row in every]
    assert len(every) == 1 + sum(len(run.timings) for run in speed.runs)


def test_what_was_not_measured_is_left_out(tmp_path: Path) -> None:
    document = sample()
    for key in ("memory", "profile", "harness", "only", "versions", "left_out"):
        del document[key]
    for run in document["runs"]:
        run["growth"] = []
        run["matmul_rate"] = {}
    page = checked(page_of(tmp_path, document))
    assert not {"memory", "profile", "suite", "growth", "roofline"} & set(page.ids)
    assert {"speed", "goals", "ratios", "repeat", "run", "cite"} <= set(page.ids)


def test_a_rough_a_partial_and_a_disturbed_run_say_so(tmp_path: Path) -> None:
    document = sample()
    document.update(effort="quick", only=["resnet-64"])
    document["machine"]["load"] = 3.0
    html = page_of(tmp_path, document)
    text = section(html, "speed")
    assert [word for word in ("A PART ONLY.", "QUICK.", "BUSY.") if word in text] == ["A PART ONLY.", "QUICK.", "BUSY."]
    assert html.index("QUICK.") < html.index("<h1>")


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    text = json.dumps(sample())
    for name in ('"resnet-64"', '"scipy.correlate2d"'):
        text = text.replace(name, json.dumps(HOSTILE))
    document = json.loads(text)
    document["suite"] = {"name": HOSTILE, "version": HOSTILE}
    document.update(date=HOSTILE, versions={HOSTILE: HOSTILE}, left_out={HOSTILE: HOSTILE}, only=[HOSTILE])
    document["machine"].update(cpu=HOSTILE, blas=HOSTILE, caches={HOSTILE: HOSTILE})
    document["workloads"][0]["title"] = HOSTILE
    document["profile"][0]["parts"][0].update(name=HOSTILE, says=HOSTILE)
    document["harness"]["adapters"][0].update(adapter=HOSTILE, conclusion=HOSTILE)
    document["harness"]["parts"][0]["name"] = HOSTILE
    document["runs"][0]["not_run"][0]["reason"] = HOSTILE
    html = page_of(tmp_path, document)
    page = checked(html)
    assert "alert(1)" in page.text
    assert "<script>alert" not in html
    assert "\u202e" not in html
    assert "\x07" not in html
    assert "{{ 7*7 }}" in page.text


def test_the_same_file_gives_the_same_page(tmp_path: Path) -> None:
    path = write(tmp_path, sample())
    assert speed_page(read_speed(path)) == speed_page(read_speed(path))
    assert speed_page(read_speed(path)).endswith(b"</html>\n")
    out = write_speed_page(path, tmp_path / "out" / "speed.html", [("index.html", "Verdict"), ("speed.html", "Speed")])
    assert '<a href="index.html">' in out.read_text("utf-8")
    assert [file.name for file in out.parent.iterdir()] == ["speed.html"]


AXIS = Axis("quantity", lambda value: f"{value:g}")


def test_a_logarithmic_axis_puts_equal_ratios_equally_far_apart() -> None:
    scale = Scale([1.0, 100.0], 0, 100)
    assert scale(100) - scale(10) == pytest.approx(scale(10) - scale(1), abs=0.11)  # places have one digit
    assert 0 < scale(1) < scale(100) < 100
    assert scale.ticks == [1, 10, 100]
    assert Scale([3.0, 30.0], 0, 100).ticks == [5, 10, 20]
    assert Scale([7.0], 0, 100)(7.0) == 50


def test_a_chart_tells_its_numbers_in_words() -> None:
    drawn_chart = ElementTree.fromstring(
        chart([Series("a & b", "disc", [(1, 2, "one"), (10, 20, "")])], AXIS, AXIS, "growth", [(1, 30), (10, 30)]))
    assert drawn_chart.findtext("title") == "growth"
    assert drawn_chart.findtext("desc") == "a & b: 1 2, 10 20"
    marks = [mark.findtext("title") for mark in drawn_chart.findall("circle")]
    assert marks[:2] == ["a & b, one: 1, 2", "a & b: 10, 20"]


def test_rows_show_their_spread() -> None:
    drawn_rows = ElementTree.fromstring(
        rows([("first", [Mark("own", "disc", 2.0, 1.0, 4.0)]), ("second", [Mark("own", "disc", 1.0)])], AXIS, "ratios",
             [(1.1, "1.1")]))
    assert drawn_rows.findtext("desc") == "first: own 2; second: own 1"
    assert len([path for path in drawn_rows.findall("path") if "spread" in path.attrib["class"]]) == 1
